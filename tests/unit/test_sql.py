from __future__ import annotations

import re
from pathlib import Path

import pytest

from utils.errors import ConfigError
from utils.gold.models import gold_models, load_models, parse, resolver
from utils.paths import SQL
from utils.settings import Settings

HEADER = """\
description: Charges by hospital.
grain: one row per source system
keys: [source_system]
owner: revenue-cycle
columns:
  source_system: {type: STRING, description: Hospital.}
"""
SELECT = 'SELECT source_system FROM {{ ref("transactions_current") }}'
KPI = """\
kpi: {numerator: charges, date_basis: date of service, exclusions: none, differs: not, source: us}
"""


def write(folder: Path, name: str, header: str = HEADER, query: str = SELECT) -> Path:
    path = folder / f"{name}.sql"
    path.write_text(f"/*---\n{header}---*/\n{query}\n", encoding="utf-8")
    return path


def test_gold_models_come_after_those_they_read() -> None:
    order = list(gold_models())

    for name, model in gold_models().items():
        earlier = order[: order.index(name)]
        assert [
            other for other in model.references if other in order and other not in earlier
        ] == []


def test_keys_are_always_checked(tmp_path: Path) -> None:
    unique, not_null = parse(write(tmp_path, "dim_x")).checks

    assert unique.unique == not_null.not_null == ("source_system",)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        pytest.param(HEADER + "colour: red\n", "field `colour`: unknown key", id="unknown key"),
        pytest.param(HEADER.replace("grain", "# grain"), "field `grain`: required", id="no grain"),
        pytest.param(HEADER + "cluster_by: [payer]\n", "`payer` is not in `columns`", id="cluster"),
        pytest.param(
            HEADER + "partition_by: source_system\n", "must be a DATE column", id="partition"
        ),
        pytest.param(
            HEADER + "checks: [{not_null: [payer]}]\n", "`payer` is not in `columns`", id="check"
        ),
        pytest.param(HEADER + "checks: [{severity: warn}]\n", "exactly one kind", id="empty check"),
        pytest.param(
            HEADER + "checks: [{unique: [source_system], not_null: [source_system]}]\n",
            "exactly one kind",
            id="two kinds",
        ),
        pytest.param(
            HEADER + 'checks: [{accepted: {source_system: ["x\'); DROP"]}}]\n',
            "checks.0.accepted.source_system",
            id="value that is no plain text",
        ),
        pytest.param(HEADER.replace("STRING", "FLOAT64"), "columns.source_system.type", id="type"),
        pytest.param(HEADER.replace("[source_system]", '["a; DROP"]'), "keys.0", id="identifier"),
        pytest.param(HEADER + "grain: again\n", "`grain` is written twice", id="key twice"),
        pytest.param(HEADER + KPI, "`kpi` defines the measure of a kpi_ model", id="kpi"),
    ],
)
def test_error_in_a_header_names_file_and_field(tmp_path: Path, header: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)) as error:
        parse(write(tmp_path, "dim_x", header))

    assert "dim_x.sql" in str(error.value)


def test_kpi_without_a_definition_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"`kpi` defines the measure .*kpi_x.sql"):
        parse(write(tmp_path, "kpi_x"))


def test_file_without_a_header_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "dim_x.sql"
    path.write_text("SELECT 1", encoding="utf-8")

    with pytest.raises(ConfigError, match=r"does not begin with a header \(dim_x.sql\)"):
        parse(path)


def test_unknown_table_names_file_and_what_may_be_meant(tmp_path: Path) -> None:
    write(tmp_path, "dim_x", query='SELECT 1 FROM {{ ref("transaction_current") }}')

    with pytest.raises(ConfigError, match=r"dim_x.sql.*Did you mean transactions_current\?"):
        load_models(tmp_path)


def test_unknown_table_of_a_check_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "dim_x", HEADER + "checks: [{row_count_equals: {nowhere: 0}}]\n")

    with pytest.raises(ConfigError, match=r'ref\("nowhere"\) names no table \(dim_x.sql\)'):
        load_models(tmp_path)


def test_circle_names_its_files(tmp_path: Path) -> None:
    for name, other in (("dim_a", "dim_b"), ("dim_b", "dim_c"), ("dim_c", "dim_a")):
        write(tmp_path, name, query=f'SELECT source_system FROM {{{{ ref("{other}") }}}}')

    with pytest.raises(ConfigError, match="circle") as error:
        load_models(tmp_path)

    assert "dim_a.sql reads dim_b.sql" in str(error.value)


@pytest.mark.parametrize(
    "query",
    ["SELECT {{ value }}", "SELECT {{ ref( }}", "SELECT {{ ''.__class__.__mro__ }}"],
    ids=["name that is not given", "no template", "escape from the sandbox"],
)
def test_template_may_only_use_ref(tmp_path: Path, query: str) -> None:
    with pytest.raises(ConfigError, match=r"dim_x.sql"):
        parse(write(tmp_path, "dim_x", query=query))


def test_tables_are_named_in_full_and_models_as_built() -> None:
    environment = Settings(
        project="p", dataset_prefix="x_", lake_bucket="lake", landing_bucket="in", spark="process"
    )
    ref = resolver(environment, gold_models())

    assert ref("fact_claims") == "fact_claims"
    assert ref("patients_current") == "`p.x_silver.patients_current`"
    assert ref("quarantine") == "`p.x_audit.quarantine`"


@pytest.mark.parametrize("path", sorted(SQL.glob("gold/*/*.sql")), ids=lambda path: path.stem)
def test_gold_depends_on_its_input_and_the_business_date_alone(path: Path) -> None:
    query = parse(path).query

    assert re.findall(r"SELECT\s+\*|CURRENT_|\bRAND\(|FLOAT64|healthcare_rcm", query) == []


def test_gold_carries_no_direct_identifier() -> None:
    identifiers = {
        "patient_id", "first_name", "last_name", "middle_name", "ssn", "phone", "email",
        "birth_date", "address", "encounter_id", "transaction_id", "claim_id", "medicaid_id",
        "medicare_id", "remittance_id",
    }  # fmt: skip

    for name, model in gold_models().items():
        if model.header.published:
            assert not identifiers & model.header.columns.keys(), name
