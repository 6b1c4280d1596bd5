"""The whole pipeline on the published tutorial data, against figures counted in its CSV files."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

import simulator
from local.paths import ROOT
from tests.pipeline_support import Pipeline, pipeline, rows

EXPORTS = ROOT.parent / "shared" / "data" / "01_rcm_tutorial"
CENT = Decimal("0.01")

pytestmark = pytest.mark.skipif(
    not EXPORTS.is_dir(), reason="the tutorial's CSV files are not part of the product"
)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    folder = tmp_path_factory.mktemp("tutorial")
    with pytest.MonkeyPatch.context() as patch, pipeline(folder, patch) as running:
        day = simulator.load_tutorial(EXPORTS, running.hospitals, running.landing)
        running.deliver()
        with running.worker() as worker:
            worker.run(day, lambda task, seconds: None)
        yield running


def source_total(file: Path, column: str) -> Decimal:
    """Sum of a column in USD, each value rounded half up to the cent."""
    with file.open(newline="", encoding="utf-8") as text:
        values = [Decimal(row[column]) for row in csv.DictReader(text)]
    return sum((value.quantize(CENT, ROUND_HALF_UP) for value in values), Decimal(0))


def test_no_row_is_lost_or_merged_across_hospitals(published: Pipeline) -> None:
    counts = {
        (row["source_system"], row["entity"]): row["total"]
        for table, entity in [
            ("dim_patients", "patients"),
            ("fact_transactions", "transactions"),
            ("fact_claims", "claims"),
        ]
        for row in rows(
            "gold",
            table,
            f"source_system, '{entity}' AS entity, COUNT(*) AS total",
            "source_system LIKE 'hospital%' GROUP BY source_system",
        )
    }
    assert counts == {
        (hospital, entity): total
        for hospital in ("hospital_a", "hospital_b")
        for entity, total in [("patients", 5000), ("transactions", 10000), ("claims", 10000)]
    }
    assert rows("audit", "quarantine") == []


@pytest.mark.parametrize(
    ("fact", "file", "column", "gold_column"),
    [
        ("fact_transactions", "{folder}/transactions.csv", "Amount", "billed_amount"),
        ("fact_transactions", "{folder}/transactions.csv", "PaidAmount", "paid_amount"),
        ("fact_claims", "claims/{claims}.csv", "ClaimAmount", "billed_amount"),
        ("fact_claims", "claims/{claims}.csv", "PaidAmount", "paid_amount"),
    ],
)
@pytest.mark.parametrize(
    ("hospital", "folder", "claims"),
    [
        ("hospital_a", "hospital-a", "hospital1_claim_data"),
        ("hospital_b", "hospital-b", "hospital2_claim_data"),
    ],
)
def test_dollars_tie_to_the_source_to_the_cent(
    published: Pipeline,
    fact: str,
    file: str,
    column: str,
    gold_column: str,
    hospital: str,
    folder: str,
    claims: str,
) -> None:
    expected = source_total(EXPORTS / file.format(folder=folder, claims=claims), column)
    [gold] = rows("gold", fact, f"SUM({gold_column}) AS total", f"source_system = '{hospital}'")
    assert gold["total"] == expected


def test_what_makes_no_sense_is_counted_and_kept(published: Pipeline) -> None:
    failed = {
        (row["source_system"], row["entity"], row["rule"]): row["rows_failed"]
        for row in rows("audit", "dq_results", where="severity = 'warn' AND layer = 'silver'")
    }
    for hospital, folder, claims in (
        ("hospital_a", "hospital-a", "hospital1_claim_data"),
        ("hospital_b", "hospital-b", "hospital2_claim_data"),
    ):
        with (EXPORTS / folder / "transactions.csv").open(encoding="utf-8") as text:
            posted = list(csv.DictReader(text))
        late = sum(row["PaidDate"] < row["ServiceDate"] for row in posted)
        assert failed[hospital, "transactions", "paid_before_service"] == late
        with (EXPORTS / "claims" / f"{claims}.csv").open(encoding="utf-8") as text:
            sent = list(csv.DictReader(text))
        over = sum(Decimal(row["PaidAmount"]) > Decimal(row["ClaimAmount"]) for row in sent)
        assert failed[hospital, "claims", "paid_over_billed"] == over


def test_gold_says_in_words_what_makes_no_sense(published: Pipeline) -> None:
    """The counts of the notes on the data: payments on refused claims, and so on."""
    said = {
        (row["source_system"], row["statement"]): row["odd_count"]
        for row in rows("gold", "data_oddities", where="entity = 'claims'")
    }
    for hospital, claims in (
        ("hospital_a", "hospital1_claim_data"),
        ("hospital_b", "hospital2_claim_data"),
    ):
        with (EXPORTS / "claims" / f"{claims}.csv").open(encoding="utf-8") as text:
            sent = list(csv.DictReader(text))
        refused = sum(
            row["ClaimStatus"] in ("Denied", "Rejected") and Decimal(row["PaidAmount"]) > 0
            for row in sent
        )
        early = sum(row["ClaimDate"] < row["ServiceDate"] for row in sent)
        assert said[hospital, "Money was paid on a claim that was refused."] == refused
        assert said[hospital, "The claim was sent before the service."] == early
    shares = "Deductible, coinsurance and copay are more than was billed."
    assert (said["hospital_a", shares], said["hospital_b", shares]) == (558, 611)


def test_every_provider_is_an_orphan_and_no_dollar_is_lost(published: Pipeline) -> None:
    orphans = {
        (row["source_system"], row["fact"]): (row["row_count"], row["orphan_count"])
        for row in rows("gold", "orphan_summary", where="dimension = 'providers'")
    }
    assert orphans["hospital_a", "transactions"] == (10000, 10000)
    assert orphans["hospital_b", "claims"] == (10000, 10000)


def test_claim_outcomes_count_what_a_payer_has_decided(published: Pipeline) -> None:
    """A pending claim is not decided yet, and a rejected one was judged by nobody."""
    statuses = Counter(
        row["ClaimStatus"]
        for claims in ("hospital1_claim_data", "hospital2_claim_data")
        for row in csv.DictReader((EXPORTS / "claims" / f"{claims}.csv").open(encoding="utf-8"))
    )
    sums = [
        f"SUM({name}_count) AS {name}" for name in ("approved", "denied", "rejected", "pending")
    ]
    [counted] = rows("gold", "kpi_claim_outcomes", ", ".join(sums))
    assert counted == {
        "approved": statuses["Approved"] + statuses["Paid"],
        "denied": statuses["Denied"],
        "rejected": statuses["Rejected"],
        "pending": statuses["Pending"],
    }
