"""Where a payer's file belongs, and which ones no source would read."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.errors import LocalError
from local.run.dates import business_dates
from local.run.deliver import family_of

CLAIMS = "ClaimID,TransactionID,PatientID,ServiceDate,ClaimDate,PayorID,ClaimAmount,ModifiedDate"


@pytest.fixture
def claims(tmp_path: Path) -> Path:
    file = tmp_path / "claims_2026-03.csv"
    file.write_text(f"{CLAIMS}\n")
    return file


def test_the_columns_say_what_a_file_is(claims: Path) -> None:
    family = family_of(claims, "hospital_b", None)
    assert family.source == "payer_claims"
    assert family.object_name(claims.name) == "claims/hospital_b/claims_2026-03.csv"


@pytest.mark.parametrize(
    ("hospital", "kind", "complaint"),
    [
        ("hospital_z", None, "HOSPITAL=hospital_z is not known: claims come for hospital_a, hosp"),
        (None, None, "HOSPITAL is missing"),
        ("hospital_a", "invoices", "KIND=invoices is not known; the sources read claims, "),
    ],
)
def test_an_unknown_hospital_or_kind_is_refused_and_the_known_ones_are_named(
    claims: Path, hospital: str | None, kind: str | None, complaint: str
) -> None:
    with pytest.raises(LocalError, match=complaint):
        family_of(claims, hospital, kind)


def test_a_file_of_no_known_kind_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "notes.csv"
    file.write_text("weather,mood\n")
    with pytest.raises(LocalError, match="do not say what it is"):
        family_of(file, "hospital_a", None)


@pytest.mark.parametrize(
    ("name", "complaint"), [("claims.txt", "does not fit"), ("claims.csv", "names no month")]
)
def test_a_name_that_the_source_would_refuse_is_refused_at_once(
    claims: Path, name: str, complaint: str
) -> None:
    with pytest.raises(LocalError, match=complaint):
        family_of(claims, "hospital_a", None).object_name(name)


def test_a_range_of_dates_has_both_its_ends() -> None:
    days = [str(day) for day in business_dates("2024-02-28", "2024-03-01")]
    assert days == ["2024-02-28", "2024-02-29", "2024-03-01"]


@pytest.mark.parametrize(
    ("first", "last", "complaint"),
    [
        ("2024-03-02", "2024-03-01", "later than"),
        ("2024-02-30", "2024-03-01", "is no date"),
        ("2024-03-01", "2999-01-01", "is not over in"),
    ],
)
def test_a_range_that_cannot_be_run_is_refused(first: str, last: str, complaint: str) -> None:
    with pytest.raises(LocalError, match=complaint):
        business_dates(first, last)
