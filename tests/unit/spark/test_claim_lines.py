"""What becomes of a claim line: loaded as which value, or held by which rule; which one counts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pyspark.sql import SparkSession

from spark_jobs.main import run
from tests.spark_support import ROOT, batch_json, entity_json, load_json, read_rows, write_bronze

NAUGHTY = ROOT.parent / "shared" / "data" / "08_nasty" / "naughty_strings" / "blns.json"
SOUND = {
    "ClaimID": "C1",
    "TransactionID": "T1",
    "PatientID": "P1",
    "ServiceDate": "2024-01-05",
    "ClaimDate": "2024-01-06",
    "PayorID": "Aetna",
    "ClaimAmount": "100.00",
    "PaidAmount": "80.00",
    "ClaimStatus": "Paid",
    "Copay": "1.00",
    "InsertDate": "2024-01-06 09:00:00",
    "ModifiedDate": "2024-01-07",
}


class Line(NamedTuple):
    """A line of a file: what differs from a sound one, and what must become of it.

    `held_by` is the rule that quarantines it; `loaded` are values of silver; `flag` is a rule that
    is counted without holding the line.
    """

    given: dict[str, str]
    held_by: str | None = None
    loaded: dict[str, Any] = {}
    flag: str | None = None


def amount(written: str, held_by: str | None = None, **loaded: Any) -> Line:
    return Line({"ClaimAmount": written}, held_by, loaded)


def service(written: str, held_by: str = "service_date_invalid") -> Line:
    return Line({"ServiceDate": written}, held_by)


LINES = {
    "B24-dollars": amount("$1,234.50", "claim_amount_invalid"),
    "B24-parentheses": amount("(12.00)", "claim_amount_invalid"),
    "B24-trailing-minus": amount("5-", "claim_amount_invalid"),
    "B24-decimal-comma": amount("1.234,50", "claim_amount_invalid"),
    "B25-exponent": amount("1e3", "claim_amount_invalid"),
    "B25-nan": amount("NaN", "claim_amount_invalid"),
    "B25-infinity": amount("Infinity", "claim_amount_invalid"),
    "B25-not-available": amount("N/A", "claim_amount_invalid"),
    "B25-required-blank": amount("", "claim_amount_missing"),
    "B25-optional-blank": Line({"Copay": ""}, None, {"copay_amount": None}),
    "B25-optional-not-available": Line(
        {"Copay": "N/A"}, None, {"copay_amount": None}, "copay_amount_invalid"
    ),
    "B26-rounds-half-up": amount("10.005", claim_amount=Decimal("10.01")),
    "B26-float-noise": amount("988.3699951171875", claim_amount=Decimal("988.37")),
    "B27-overflow": amount("99999999999999999", "claim_amount_invalid"),
    "B28-negative-charge": amount("-5.00", "claim_amount_negative"),
    "B28-reversed-payment": Line(
        {"PaidAmount": "-80.00"}, None, {"paid_amount": Decimal("-80.00")}
    ),
    "B28-paid-over-billed": Line(
        {"PaidAmount": "100.01"}, None, {"paid_amount": Decimal("100.01")}, "paid_over_billed"
    ),
    "B28-zero-claim": amount("0", claim_amount=Decimal("0.00"), coverage_rate=None),
    "B29-slashes": service("01/02/2024"),
    "B29-no-dashes": service("20240101"),
    "B29-two-digit-year": service("24-01-05"),
    "B29-spreadsheet-serial": service("45292"),
    "B29-no-such-day": service("2024-02-30"),
    "B30-year-1": service("0001-01-01", "service_date_out_of_range"),
    "B30-future": service("2999-01-01", "service_date_in_future"),
    "B30-day-of-arrival": Line(
        {"ServiceDate": "2026-02-01", "ClaimDate": "2026-02-01"},
        None,
        {"service_date": date(2026, 2, 1)},
    ),
    "B31-blanks-in-a-key": Line(
        {"PatientID": "\u00a0 p\u00a01\u200b "}, None, {"patient_id": "p\u00a01"}
    ),
    "B31-full-width": Line({"PatientID": "\uff30\uff11"}, None, {"patient_id": "\uff30\uff11"}),
    "B32-rounded-claim-id": Line({"ClaimID": "1.23E+15"}, "claim_id_rewritten"),
    "B32-rounded-transaction-id": Line({"TransactionID": "4e+11"}, "transaction_id_rewritten"),
    "B17-decimals": Line({"ClaimID": "1001.0"}, "claim_id_rewritten"),
    "B17-thousands": Line({"ClaimID": "1,001"}, "claim_id_rewritten"),
    "B17-line-number": Line({"PatientID": "1001.2"}, None, {"patient_id": "1001.2"}),
    "B17-optional-reference": Line(
        {"PatientID": "1001.0"}, None, {"patient_id": "1001.0"}, "patient_id_rewritten"
    ),
    "B09-case": Line({"PatientID": "00Qab1"}, None, {"patient_id": "00Qab1"}),
    "B09-blanks": Line({"PatientID": "AB 1  2"}, None, {"patient_id": "AB 1  2"}),
    "B32-leading-zeros-stay": Line({"PatientID": "000123"}, None, {"patient_id": "000123"}),
    "B33-unknown-parents": Line(
        {"PatientID": "NOBODY", "TransactionID": "T-NEVER"}, None, {"patient_id": "NOBODY"}
    ),
    "B34-formula": Line(
        {"PayorID": "=cmd|'/C calc'!A0"}, None, {"payer_id": "=cmd|'/C calc'!A0"}
    ),
    "B18-cut-watermark": Line({"ModifiedDate": "2024-01-"}, "event_time_missing"),
}  # fmt: skip


def merged(
    spark: SparkSession,
    folder: Path,
    files: Sequence[tuple[str, str, Sequence[dict[str, str]]]],
    history: Sequence[str] = (),
) -> Path:
    """Runs one batch of claim files (load id, arrival, lines) and returns its output."""
    loads = []
    for load_id, observed_at, lines in files:
        rows = [{**SOUND, **line} for line in lines]
        columns = {name: [row[name] for row in rows] for name in SOUND}
        path = write_bronze(folder / f"{load_id}.parquet", columns, load_id)
        stamp = {"load_id": load_id, "source_system": "hospital_a", "observed_at": observed_at}
        loads.append(load_json(path, "payer_claims", "claims", **stamp))
    spec = folder / "spec.json"
    entity = entity_json("claims", loads=loads, history=list(history))
    spec.write_text(batch_json(entity), encoding="utf-8")
    run(spark, str(spec), str(folder / "out"))
    return folder / "out"


@pytest.fixture(scope="module")
def output(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file with all lines, each a claim of its own."""
    lines = [{"ClaimID": f"C{n}", **line.given} for n, line in enumerate(LINES.values(), start=1)]
    arrived = [("l1", "2026-02-01T05:00:00Z", lines)]
    return merged(spark, tmp_path_factory.mktemp("claims"), arrived)


@pytest.mark.parametrize("case", LINES)
def test_claim_line_is_loaded_or_held(case: str, output: Path) -> None:
    line, row_id = LINES[case], list(LINES).index(case) + 1
    [row] = [row for row in read_rows(output / "rows") if row["_row_id"] == row_id]
    versions = [
        row for row in read_rows(output / "claims/versions") if row["claim_id"] == f"C{row_id}"
    ]

    assert row["_rule"] == line.held_by
    assert len(versions) == (0 if line.held_by else 1)
    for version in versions:
        assert {name: version[name] for name in line.loaded} == line.loaded
    assert line.flag is None or line.flag in row["_rules"].split(",")


def test_no_claim_line_is_lost(output: Path) -> None:
    [load] = read_rows(output / "loads")
    held = sum(line.held_by is not None for line in LINES.values())
    assert (load["rows_read"], load["rows_quarantined"], load["rows_merged"]) == (
        len(LINES), held, len(LINES) - held,
    )  # fmt: skip


OLD = ("old", "2024-02-01T00:00:00Z", [{"ClaimAmount": "90.00"}, {"ClaimID": "C2"}])
CORRECTED = ("corrected", "2024-02-02T00:00:00Z", [{"ClaimAmount": "95.00"}])
LATER = (
    "later", "2024-02-02T00:00:00Z", [{"ClaimAmount": "95.00", "ModifiedDate": "2024-01-09"}],
)  # fmt: skip
EARLIER_LAST = (
    "earlier", "2024-02-03T00:00:00Z", [{"ClaimAmount": "80.00", "ModifiedDate": "2024-01-02"}],
)  # fmt: skip
REPEATED = ("repeated", "2024-02-03T00:00:00Z", [{"ClaimAmount": "90.00"}] * 2)
KEPT = {"C1": "95.00", "C2": "100.00"}


@pytest.mark.parametrize(
    ("batches", "billed"),
    [
        pytest.param([[OLD], [CORRECTED]], KEPT, id="B20-corrected-file-follows"),
        pytest.param([[CORRECTED], [OLD]], KEPT, id="B20-corrected-file-is-merged-first"),
        pytest.param([[CORRECTED, OLD]], KEPT, id="B20-both-in-one-batch"),
        pytest.param([[LATER, OLD], [EARLIER_LAST]], KEPT, id="B22-old-file-arrives-last"),
        pytest.param([[EARLIER_LAST], [LATER], [OLD]], KEPT, id="B22-any-order"),
        pytest.param([[OLD], [REPEATED]], {"C1": "90.00", "C2": "100.00"}, id="B21-repeated-lines"),
        pytest.param(
            [[REPEATED, OLD]], {"C1": "90.00", "C2": "100.00"}, id="B21-repeated-in-one-batch"
        ),
    ],
)
def test_claim_counts_once_with_its_latest_version(
    spark: SparkSession, tmp_path: Path, batches: list[Any], billed: dict[str, str]
) -> None:
    """A line that a corrected file leaves out stays: a file adds and corrects, it never deletes."""
    published: dict[str, Decimal] = {}
    history: list[str] = []
    for number, files in enumerate(batches):
        folder = tmp_path / f"b{number}"
        folder.mkdir()
        out = merged(spark, folder, files, history)
        history.append(str(out / "claims/observations"))
        versions = [row for row in read_rows(out / "claims/versions") if row["is_current"]]
        published |= {row["claim_id"]: row["claim_amount"] for row in versions}
    assert {claim: str(amount) for claim, amount in published.items()} == billed


@pytest.mark.skipif(not NAUGHTY.is_file(), reason="needs the list of naughty strings")
def test_naughty_string_is_an_amount_only_if_it_is_a_plain_number(
    spark: SparkSession, tmp_path: Path
) -> None:
    """B24, B25: of 515 strings these are amounts; every other is held, and none is lost."""
    plain = {"0", "1", "1.00", "-0", "-0.0", "+0", "+0.0", "0.00", "01000", "08", "09"}
    strings = json.loads(NAUGHTY.read_text(encoding="utf-8"))
    lines = [{"ClaimID": f"C{n}", "ClaimAmount": text} for n, text in enumerate(strings)]

    out = merged(spark, tmp_path, [("l1", "2026-02-01T05:00:00Z", lines)])

    rows = sorted(read_rows(out / "rows"), key=lambda row: row["_row_id"])
    taken = [text for text, row in zip(strings, rows, strict=True) if row["_rule"] is None]
    assert taken == [text for text in strings if text in plain]
    [load] = read_rows(out / "loads")
    assert load["rows_merged"] + load["rows_quarantined"] == load["rows_read"] == len(strings)


REMITTANCE = {
    "RemitID": "1000001",
    "ClaimID": "C1",
    "PayorID": "Aetna",
    "RemitDate": "2024-03-04",
    "StatusCode": "1",
    "ChargeAmount": "200.00",
    "PaidAmount": "200.00",
    "ModifiedDate": "2024-03-04 08:00:00",
}
ADJUSTMENT = {
    "AdjustmentID": "1",
    "PayorID": "Aetna",
    "AdjustmentDate": "2024-03-04",
    "ReasonCode": "L6",
    "Amount": "-2.50",
    "ModifiedDate": "2024-03-04 08:00:00",
}
OTHER_PAYER = {"PayorID": "Cigna", "ModifiedDate": "2024-03-04 09:00:00"}


@pytest.mark.parametrize(
    ("name", "sound", "other", "amounts"),
    [
        pytest.param(
            "remittances", REMITTANCE, {"ClaimID": "C2"},
            ("paid_amount", {"AETNA": "200.00", "Cigna": "200.00"}), id="835",
        ),
        pytest.param(
            "provider_adjustments", ADJUSTMENT, {"Amount": "40.00"},
            ("amount", {"AETNA": "-2.50", "Cigna": "40.00"}), id="PLB",
        ),
    ],
)  # fmt: skip
def test_a_number_belongs_to_the_payer_who_assigned_it(
    spark: SparkSession,
    tmp_path: Path,
    name: str,
    sound: dict[str, str],
    other: dict[str, str],
    amounts: tuple[str, dict[str, str]],
) -> None:
    """B10: two payers use one number. A payer's name is the same payer in any case."""
    respelled = {"PayorID": "AETNA", "ModifiedDate": "2024-03-05"}
    rows = [sound, {**sound, **OTHER_PAYER, **other}, {**sound, **respelled}]
    path = write_bronze(
        tmp_path / "l1.parquet", {column: [row[column] for row in rows] for column in sound}
    )
    load = load_json(path, "payer_claims", name, source_system="hospital_a")
    spec = tmp_path / "spec.json"
    spec.write_text(batch_json(entity_json(name, loads=[load])), encoding="utf-8")
    run(spark, str(spec), str(tmp_path / "out"))

    versions = read_rows(tmp_path / "out" / name / "versions")
    column, expected = amounts
    assert {row["payer_id"]: str(row[column]) for row in versions if row["is_current"]} == expected
    assert len(versions) == 3, "the respelled row is a later version of the first"
