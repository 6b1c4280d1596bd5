from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from rich.console import Console

from simulator.columns import KEY_METADATA
from simulator.compare import Difference, compare
from simulator.digest import digest, digest_columns
from simulator.verify import (
    answer_key_of,
    answer_key_tables,
    main,
    not_judged,
    print_report,
    published_query,
    verify,
)
from simulator.world import generate
from tests.simulator_support import DAYS, simulated

DAY = date(2026, 2, 2)
SIMULATED = "source_system IN ('hospital_a', 'hospital_b', 'reference_codes', 'unknown')"


class PublishedTables:
    """Answers queries like BigQuery's client, from tables in memory."""

    def __init__(self, tables: dict[str, pa.Table]) -> None:
        self.tables = tables

    def query(self, sql: str, timeout: float) -> PublishedTables:
        assert timeout > 0
        self.sql = sql
        self.name = sql.split("`")[1].removeprefix("healthcare_rcm_")
        return self

    def result(self, timeout: float) -> list[Any]:
        assert timeout > 0
        if self.sql.startswith("SELECT COUNT(*)"):
            return [digest(self.tables[self.name])]
        columns = [column.to_pylist() for column in self.tables[self.name].columns]
        return list(zip(*columns, strict=True))


def table(key: str, **columns: list[Any]) -> pa.Table:
    return pa.table(columns).replace_schema_metadata({KEY_METADATA: key.encode()})


@pytest.fixture(scope="module")
def answer_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("answer_key")
    simulated().world.write_answer_key(folder)
    return folder


def with_value(published: pa.Table, column: str, row: int, value: Any) -> pa.Table:
    values = published[column].to_pylist()
    values[row] = value
    changed = pa.array(values, published.schema.field(column).type)
    return published.set_column(published.column_names.index(column), column, changed)


def differences(answer_key: Path, tables: dict[str, pa.Table]) -> list[Difference]:
    return verify(answer_key, PublishedTables(tables), "healthcare_rcm_", DAY)  # type: ignore[arg-type]


def test_tables_that_equal_the_key_show_no_difference(answer_key: Path) -> None:
    assert differences(answer_key, simulated().keys[DAYS]) == []


def test_one_wrong_cent_is_found(answer_key: Path) -> None:
    tables = dict(simulated().keys[DAYS])
    revenue = tables["gold.kpi_revenue"]
    wrong = revenue["paid_amount"][0].as_py() + Decimal("0.01")
    tables["gold.kpi_revenue"] = with_value(revenue, "paid_amount", 0, wrong)

    (difference,) = differences(answer_key, tables)
    assert (difference.table, difference.column) == ("gold.kpi_revenue", "paid_amount")
    assert difference.published == str(wrong)


def test_yesterdays_tables_differ(answer_key: Path) -> None:
    found = {one.table for one in differences(answer_key, simulated().keys[DAYS - 1])}

    assert {"silver.patients", "silver.claims", "audit.table_loads", "gold.kpi_revenue"} <= found


def test_one_wrong_value_of_a_large_table_is_found(answer_key: Path) -> None:
    tables = dict(simulated().keys[DAYS])
    ledger = tables["gold.fact_ledger"]
    assert ledger.num_rows > 1_000
    tables["gold.fact_ledger"] = with_value(ledger, "posting_kind", 7, "refund")

    (difference,) = differences(answer_key, tables)
    assert (difference.column, difference.published) == ("posting_kind", "refund")


def test_digest_tells_rows_apart_that_differ_in_anything() -> None:
    at = datetime(2026, 1, 31, 12, tzinfo=UTC)
    values: dict[str, list[Any]] = {
        "name": ["a"], "amount": [Decimal("1.50")], "day": [DAY], "at": [at], "is_so": [True]
    }  # fmt: skip
    others: dict[str, list[Any]] = {
        "name": ["b"], "amount": [Decimal("1.51")], "day": [None], "at": [None], "is_so": [None]
    }  # fmt: skip
    whole = digest(table("name", **values))
    changed = [digest(table("name", **values | {name: others[name]})) for name in values]

    assert len({whole, *changed}) == 1 + len(values)
    assert digest(table("name", **{name: of * 2 for name, of in values.items()})).rows == 2


def test_digest_is_the_one_that_the_warehouse_works_out() -> None:
    expected = pa.table({"id": ["a"], "day": [date(2026, 1, 2)]})

    # printf 'a\x1f2026-01-02' | md5sum
    assert digest(expected) == (1, int("d5d1ac2ace6f048", 16))
    assert "CONCAT(IFNULL(id, CHR(30)), CHR(31), IFNULL(CAST(day AS STRING), CHR(30)))" in (
        digest_columns(expected.schema)
    )


def test_missing_extra_and_repeated_rows_are_found() -> None:
    expected = table("id", id=["a", "b"], amount=[1, 2])

    found = compare("silver.things", expected, [("a", 1), ("a", 1), ("c", 3)])

    assert [(one.key, one.expected, one.published) for one in found] == [
        ("id=a", "1 of it", "2 of it"),
        ("id=b", "1 of it", "0 of it"),
        ("id=c", "0 of it", "1 of it"),
    ]


@pytest.mark.parametrize(
    ("expected", "published"),
    [
        pytest.param(None, "x", id="null-to-value"),
        pytest.param("x", None, id="value-to-null"),
        pytest.param("x", "X", id="case"),
        pytest.param("x", "x ", id="blank"),
    ],
)
def test_a_value_that_is_not_the_same_is_a_difference(
    expected: str | None, published: str | None
) -> None:
    (found,) = compare("silver.t", table("id", id=[1], name=[expected]), [(1, published)])
    assert found == Difference("silver.t", "id=1", "name", str(expected), str(published))


def test_numbers_are_compared_by_value() -> None:
    expected = table("id", id=[1], amount=[Decimal("1.50")], _row_count=[2])
    assert compare("gold.t", expected, [(1, Decimal("1.5"), Decimal(2))]) == []


@pytest.mark.parametrize(("name", "differ"), [("gold.kpi", 0), ("silver.claims", 1)])
def test_only_gold_may_round_the_ninth_decimal_elsewhere(name: str, differ: int) -> None:
    expected = table("id", id=[1], approval_rate=[Decimal("0.333333333")])
    assert len(compare(name, expected, [(1, Decimal("0.333333334"))])) == differ
    assert len(compare(name, expected, [(1, Decimal("0.333333335"))])) == 1


def test_instants_are_compared_as_instants() -> None:
    at = datetime(2026, 1, 31, 12, tzinfo=UTC)
    expected = table("id", id=[1], effective_date=[at])
    assert compare("silver.t", expected, [(1, at.replace(second=1))]) != []
    assert compare("silver.t", expected, [(1, at)]) == []


def test_query_names_the_columns() -> None:
    expected = table("source_system,id", source_system=["a"], id=[1], amount=[2])
    assert published_query("p_", "silver.t", expected) == (
        f"SELECT source_system, id, amount FROM `p_silver.t` WHERE {SIMULATED}"
    )


def test_query_of_a_table_that_spans_hospitals_asks_for_all_of_it() -> None:
    expected = table("payer_key", payer_key=["a"], payer_name=["A"])
    assert published_query("p_", "gold.dim_payers", expected) == (
        "SELECT payer_key, payer_name FROM `p_gold.dim_payers`"
    )


def test_query_of_a_summary_counts_and_adds_up() -> None:
    expected = table("source_system", source_system=["a"], _row_count=[1], paid_amount=[2])
    assert published_query("p_", "gold.fact", expected) == (
        "SELECT source_system, COUNT(*) AS _row_count, SUM(paid_amount) AS paid_amount "
        f"FROM `p_gold.fact` WHERE {SIMULATED} GROUP BY source_system"
    )


def test_a_column_that_counts_rows_is_no_summary() -> None:
    expected = table("entity", entity=["claims"], row_count=[1])
    assert published_query("p_", "gold.t", expected) == "SELECT entity, row_count FROM `p_gold.t`"


def test_what_was_planted_is_not_looked_for(answer_key: Path) -> None:
    names = [name for name, _ in answer_key_tables(answer_key, DAY)]
    assert (answer_key / str(DAY) / "planted.leakage.parquet").exists()
    assert "gold.kpi_revenue" in names
    assert not any(name.startswith("planted") for name in names)


def test_only_published_loads_are_compared() -> None:
    loads = table("load_id", load_id=["x"], source_system=["hospital_a"])
    query = published_query("p_", "audit.table_loads", loads)
    assert query.endswith(f"WHERE {SIMULATED} AND state = 'PUBLISHED'")


@pytest.mark.parametrize("prefix", ["p`; DROP", "P", "p-"])
def test_names_that_are_no_identifiers_are_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="is not a name"):
        published_query(prefix, "silver.t", table("id", id=[1]))


def test_missing_answer_key_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="simulate that date"):
        verify(tmp_path, PublishedTables({}), "p_", DAY)  # type: ignore[arg-type]


def test_report_shows_some_differences_of_each_table_whole() -> None:
    many = [Difference("gold.t", f"key={'k' * 200}, id={n}", "x", "1", "2") for n in range(50)]
    console = Console(file=io.StringIO(), width=80)

    print_report(console, DAY, many)

    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert f"  key={'k' * 200}, id=19: x: expected 1, published 2\n" in printed
    assert "id=20" not in printed
    assert "gold.t: x 50\n" in printed
    assert "… and 30 more" in printed
    assert "50 differences" in printed


def test_command_without_a_run_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("BIGQUERY_EMULATOR_HOST", raising=False)

    assert main(_arguments(tmp_path)) == 1
    assert "make run" in capsys.readouterr().out


def test_state_without_a_world_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="CSV exports has no answer key"):
        answer_key_of(tmp_path, DAY)


def test_answer_key_of_a_state_is_worked_out_once(tmp_path: Path) -> None:
    generate(3, 60, 0, DAY, tmp_path / "simulator", keeps_books=False)

    folder = answer_key_of(tmp_path, DAY)
    names = [name for name, _ in answer_key_tables(folder, DAY)]
    assert "gold.kpi_revenue" in names
    written = (folder / str(DAY) / "summary.json").stat().st_mtime_ns
    assert answer_key_of(tmp_path, DAY) == folder
    assert (folder / str(DAY) / "summary.json").stat().st_mtime_ns == written
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answer_key", "simulator"]


def _arguments(state: Path) -> Sequence[str]:
    return ["--state", str(state)]


def test_a_hospital_that_the_simulator_did_not_make_is_named() -> None:
    loads = PublishedTables({"audit.table_loads": pa.table({"source_system": ["clinic_x"]})})

    assert not_judged(loads, "healthcare_rcm_") == ["clinic_x"]  # type: ignore[arg-type]
    assert "NOT IN ('hospital_a', 'hospital_b', 'reference_codes')" in loads.sql
