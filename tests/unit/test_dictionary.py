"""The data dictionary shows what is declared."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.paths import ROOT
from tests.configs_support import lay_configs
from tools import required_columns
from tools.dictionary import FOLDER, INDEX, pages
from utils.audit.tables import audit_declarations
from utils.contracts.entities import entities
from utils.gold.models import gold_models


def test_pages_are_up_to_date() -> None:
    written = {
        str(path.relative_to(FOLDER)): path.read_text(encoding="utf-8")
        for path in FOLDER.rglob("*.md")
    }

    assert written == pages(), "run `make dictionary`"


def test_a_hospital_that_somebody_adds_is_on_no_page(tmp_path: Path) -> None:
    configs = lay_configs(tmp_path)
    shutil.copy(ROOT / "tests/fixtures/third_hospital/clinic_x.yaml", configs / "sources")
    code = "import json; from tools.dictionary import pages; print(json.dumps(pages()))"
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "RCM_CONFIGS": str(configs)},
        capture_output=True,
        check=True,
    )

    assert json.loads(result.stdout) == pages()


def test_required_columns_of_the_guide_are_up_to_date() -> None:
    written = required_columns.PAGE.read_text(encoding="utf-8")

    assert written == required_columns.page(), "run `make dictionary`"
    for name, entity in entities().items():
        (row,) = [line for line in written.splitlines() if line.startswith(f"| [{name}](")]
        assert all((f"`{c}`" in row) == column.required for c, column in entity.columns.items())


def test_every_table_has_a_page_that_the_index_links_to() -> None:
    expected = {
        *(f"gold/{name}.md" for name in gold_models()),
        *(f"silver/{t.name}.md" for entity in entities().values() for t in entity.silver_tables()),
        *(f"audit/{name}.md" for name in audit_declarations()),
    }

    assert pages().keys() == expected | {INDEX}
    assert set(re.findall(r"\]\(((?:gold|silver|audit)/\w+\.md)\)", pages()[INDEX])) == expected


def test_every_link_between_pages_leads_to_a_page() -> None:
    written = pages()
    links = {
        link for text in written.values() for link in re.findall(r"\]\(\.\./(\w+/.+?)\)", text)
    }

    assert {"gold/fact_ledger.md", "silver/patients.md", "audit/quarantine.md"} <= links
    assert links <= written.keys()


def test_every_column_and_rule_of_silver_is_on_its_page() -> None:
    written = pages()
    for entity in entities().values():
        for table in entity.silver_tables():
            page = written[f"silver/{table.name}.md"]
            for column in table.columns:
                phi = "yes" if column.phi else ""
                assert f"\n| {column.name} | {column.type} | {phi} | " in page
            assert all(f"\n| {rule.name} | {rule.severity} |" in page for rule in entity.row_rules)


def test_every_column_and_check_of_gold_is_on_its_page() -> None:
    written = pages()
    for model in gold_models().values():
        page, _, checks = written[f"gold/{model.name}.md"].partition("## Checks")
        assert all(f"\n| {name} | {c.type} |" in page for name, c in model.header.columns.items())
        for check in model.checks:
            promised = {*check.columns, *check.expect, *check.row_count_equals}
            assert all(f"`{name}`" in checks for name in promised - {*check.named_by}), model.name


def test_check_says_which_rows_it_counts() -> None:
    page = pages()["gold/kpi_month_close.md"]

    assert (
        "| sum equals | `gross_charge_amount` | fact_ledger.posted_amount, where "
        "posting_kind = 'charge' AND posting_date <= LAST_DAY(@business_date, MONTH) | fail |"
    ) in page


@pytest.mark.parametrize("name", [n for n, model in gold_models().items() if model.header.kpi])
def test_page_of_a_kpi_says_all_of_its_definition(name: str) -> None:
    page = pages()[f"gold/{name}.md"]
    kpi = gold_models()[name].header.kpi

    assert kpi is not None
    for field in type(kpi).model_fields:
        value = getattr(kpi, field)
        assert value is None or f"- **{field.replace('_', ' ').capitalize()}**: " in page
    assert kpi.numerator in page


def test_page_says_what_reads_the_table_and_what_it_reads() -> None:
    ledger = pages()["gold/fact_ledger.md"]

    assert "- **Reads**: [transactions](../silver/transactions.md)" in ledger
    assert "[fact_ar_balances](../gold/fact_ar_balances.md)" in ledger
    assert "[fact_ledger](../gold/fact_ledger.md)" in pages()["silver/transactions.md"]


def test_page_says_which_columns_of_the_sources_a_column_comes_from() -> None:
    page = pages()["gold/kpi_revenue.md"]

    assert (
        "| billed_amount | gold: `fact_transactions.billed_amount` "
        "| hospital_a, hospital_b: `transactions.Amount` |"
    ) in page
    assert "| transaction_count | — | — |" in page


def test_every_audit_table_says_what_it_holds() -> None:
    assert [name for name, comment in audit_declarations().items() if not comment] == []
    assert audit_declarations()["leases"] == (
        "One row: the run that may publish, NULL while none does. Two DAGs may have runs of one id."
    )
