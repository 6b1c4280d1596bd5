"""A broken configuration is one error for each fault, that names file, field and what to write."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tools.shipped import SHIPPED
from utils.contracts.sources import file_owner, source_errors, sources
from utils.paths import CONFIGS, ROOT

HOSPITAL = (CONFIGS / "sources" / "hospital_a.yaml").read_text()
CLAIMS = (CONFIGS / "sources" / "payer_claims.yaml").read_text()
CLINIC_FILES = """
deliveries:
  fees:
    entity: fee_schedules
    files: "fees/{source_system}/*.csv"
    columns:
      payer_id: {constant: AETNA}
      procedure_code: CPT
      valid_from: {constant: 2026-01-01}
      allowed_percent: Percent
"""


def complaints(folder: Path, **files: str) -> list[str]:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return [str(error) for error in source_errors(folder)]


def changed(text: str, before: str, after: str) -> str:
    assert before in text
    return text.replace(before, after, 1)


def test_the_sources_of_this_checkout_are_right() -> None:
    assert source_errors(ROOT / "configs" / "sources") == []


def test_the_tests_have_sources_of_their_own() -> None:
    assert Path(os.environ["RCM_CONFIGS"]) == CONFIGS
    assert sorted(sources()) == sorted(SHIPPED)


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        pytest.param("time_zone:", "timezone:", "`mysql.timezone`: unknown key", id="unknown-key"),
        pytest.param("    watermark: ModifiedDate\n", "", "`watermark` is missing", id="watermark"),
        pytest.param(
            "      last_name: LastName\n", "", "`last_name` of patients", id="required-column"
        ),
        pytest.param("ssn: SSN", "ssm: SSN", "`columns.ssm` is no column", id="unknown-column"),
        pytest.param("entity: patients", "entity: people", "names `people`", id="unknown-entity"),
        pytest.param(
            "max_delete_share: 0.2", "max_delete_share: 20", "max_delete_share", id="share"
        ),
        pytest.param("America/New_York", "New York", "no IANA time zone", id="time-zone"),
        pytest.param(
            "kind: mysql", "kind: mysql\nphone_region: UK", "`UK` is none of US, CA,", id="phones"
        ),
        pytest.param(
            "    load: incremental\n",
            "    load: incremental\n    extra_columns: drop\n",
            "`mysql.tables.patients.extra_columns`",
            id="A15-drift-policy",
        ),
        pytest.param("kind: mysql\n", "kind: mysql\nkind: mysql\n", "written twice", id="twice"),
        pytest.param(
            "ssn: SSN\n      phone: PhoneNumber",
            'ssn: "S S"\n      phone: "S_S"',
            "`S S` and `S_S` are both S_S in bronze",
            id="one-name-in-bronze",
        ),
        pytest.param(
            "ssn: SSN", 'ssn: "SSN`; DROP TABLE patients"', "columns.ssn", id="a-name-that-is-sql"
        ),
        pytest.param(
            "patient_id: PatientID",
            "patient_id: {column: PatientID, split: -, part: 2}",
            "`columns.patient_id` is changed, but is an amount or key",
            id="split-key",
        ),
        pytest.param(
            "      amount: Amount\n",
            "      amount: {constant: 10}\n",
            "`columns.amount` is changed, but is an amount or key",
            id="constant-amount",
        ),
        pytest.param(
            "paid_amount: PaidAmount",
            'paid_amount: {column: PaidAmount, values: {none: "0"}}',
            "`columns.paid_amount` is changed, but is an amount or key",
            id="mapped-amount",
        ),
        pytest.param(
            "birth_date: DOB",
            "birth_date: {constant: 31/01/2026}",
            "the constant of field `columns.birth_date` is no DATE",
            id="constant-of-another-type",
        ),
        pytest.param(
            "gender: Gender",
            "gender: {column: Gender, constant: F}",
            "write the source's `column`, or a `constant`",
            id="column-and-constant",
        ),
        pytest.param(
            "gender: Gender",
            "gender: {column: Gender, split: /}",
            "write both `split",
            id="split-without-part",
        ),
        pytest.param(
            "gender: Gender",
            "gender: {column: Gender, values: {Yes: F}}",
            "put it between quotes",
            id="yaml-reads-yes-as-true",
        ),
        pytest.param(
            "gender: Gender",
            "gender: no",
            "put it between quotes",
            id="yaml-reads-no-as-false",
        ),
        pytest.param(
            "    load: full\n",
            "    load: full\n    select: DELETE FROM providers\n",
            "it is no SELECT",
            id="select-that-deletes",
        ),
    ],
)
def test_a_broken_source_names_file_and_field(
    tmp_path: Path, before: str, after: str, complaint: str
) -> None:
    [found] = complaints(tmp_path, hospital_a=changed(HOSPITAL, before, after))

    assert complaint in found
    assert "hospital_a.yaml" in found


@pytest.mark.parametrize(
    "select",
    [
        "SELECT 1) AS a; DROP TABLE patients",
        "SELECT 1) AS a, (SELECT 2",
        "SELECT 1 -- and the rest",
        "SELECT 1 /*!50000 INTO OUTFILE '/tmp/x' */",
        "SELECT 1 INTO OUTFILE '/tmp/x'",
        "SELECT 1 INTO @x",
        "SELECT * FROM patients FOR UPDATE",
        "CREATE TABLE x AS SELECT 1",
        "INSERT INTO patients SELECT 1",
        "SET GLOBAL max_connections = 1",
    ],
)
def test_a_select_that_is_not_one_reading_query_is_refused(tmp_path: Path, select: str) -> None:
    text = changed(HOSPITAL, "    load: full\n", f'    load: full\n    select: "{select}"\n')

    assert any("`select`" in found for found in complaints(tmp_path, hospital_a=text))


def test_a_select_may_join_and_add_up(tmp_path: Path) -> None:
    select = "WITH s AS (SELECT a, SUM(b) AS c FROM t GROUP BY a) SELECT * FROM s JOIN u USING (a)"
    text = changed(HOSPITAL, "    load: full\n", f"    load: full\n    select: {select}\n")

    assert complaints(tmp_path, hospital_a=text) == []


def test_every_error_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    broken = changed(changed(HOSPITAL, "ssn: SSN", "ssm: SSN"), "entity: encounters", "entity: x")
    found = complaints(
        tmp_path, hospital_a=broken, payer_claims="kind: files\n", hospital_b=HOSPITAL
    )

    assert len(found) == 4
    assert [text.split(".yaml")[0].split("(")[-1] for text in found] == [
        "hospital_a", "hospital_a", "hospital_b", "payer_claims",
    ]  # fmt: skip


def test_two_patterns_that_a_file_could_fit_are_refused_by_both_names(tmp_path: Path) -> None:
    clinic = HOSPITAL.replace("hospital_a", "clinic") + CLINIC_FILES.replace(
        "fees/{source_system}/*", "fee_schedules/hospital_a/fees_*"
    )
    [found] = complaints(tmp_path, payer_claims=CLAIMS, clinic=clinic)

    assert "clinic.yaml: deliveries.fees.files" in found
    assert "payer_claims.yaml: tables.fee_schedules.files" in found


def test_a_folder_of_the_hospitals_own_is_beside_the_shared_pattern(tmp_path: Path) -> None:
    clinic = HOSPITAL.replace("hospital_a", "clinic") + CLINIC_FILES.replace("fees/", "plb/")

    assert complaints(tmp_path, payer_claims=CLAIMS, clinic=clinic) == []


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("claims/hospital_a/2026-01.csv", ("payer_claims", "claims")),
        ("claims/unknown/2026-01.csv", ("payer_claims", "claims")),
        ("claims/hospital_a/2026-01.txt", ("payer_claims", "claims")),
        ("codes/cptcodes_2.csv", ("reference_codes", "cptcodes")),
        ("elsewhere/file.csv", None),
    ],
)
def test_one_source_answers_for_a_file(name: str, owner: tuple[str, str] | None) -> None:
    assert file_owner(name) == owner
