"""PHI reaches gold only by a declared de-identification, and a leak is named with its path."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.lineage.graph import Lineage, gold_lineage, lineage
from utils.errors import ConfigError
from utils.gold.models import gold_models, load_models

LEAK = """\
/*---
description: A note.
grain: one row per patient
keys: [patient_key]
owner: revenue-cycle
columns:
  patient_key: {{type: STRING, description: Identity of the patient.}}
  note: {{type: STRING, description: A note.{declared}}}
---*/
{query}
"""

PATIENTS = '{{ ref("patients") }}'


def with_model(folder: Path, query: str, declared: str = "") -> Lineage:
    text = LEAK.format(query=query, declared=declared)
    (folder / "fact_notes.sql").write_text(text, encoding="utf-8")
    return lineage(load_models(folder))


def leaks(folder: Path, query: str, declared: str = "") -> list[str]:
    found = with_model(folder, query, declared).leaks()
    return [" <- ".join(map(str, path)) for path in found]


def test_no_phi_reaches_gold() -> None:
    assert [" <- ".join(map(str, path)) for path in gold_lineage().leaks()] == []


def test_phi_reaches_gold_only_by_rules_of_de_identification() -> None:
    declared = {
        f"{model.name}.{name}": column.deidentifies
        for model in gold_models().values()
        for name, column in model.header.columns.items()
        if column.deidentifies
    }

    assert declared.keys() >= {"dim_patients.age_band", "dim_patients.zip3"}
    for column, reasons in declared.items():
        assert all(reason.startswith("45 CFR 164.514") for reason in reasons.values()), column


@pytest.mark.parametrize(
    "note",
    [
        pytest.param("ssn", id="alias"),
        pytest.param("CONCAT('ssn ', ssn)", id="concat"),
        pytest.param("CASE WHEN is_current THEN ssn END", id="case"),
        pytest.param("CASE WHEN ssn < '5' THEN 'low' ELSE 'high' END", id="condition"),
        pytest.param("MAX(ssn) OVER (PARTITION BY gender)", id="window"),
        pytest.param("(SELECT MAX(other.ssn) FROM {{ ref('patients') }} AS other)", id="subquery"),
        pytest.param("TO_HEX(SHA256(ssn))", id="hash that can be guessed"),
        pytest.param("ARRAY_AGG(STRUCT(gender, ssn))[OFFSET(0)].ssn", id="struct"),
        pytest.param("TO_JSON_STRING(STRUCT(ssn))", id="json"),
    ],
)
def test_leak_is_named_with_its_path(tmp_path: Path, note: str) -> None:
    query = f"SELECT patient_key, {note} AS note FROM {PATIENTS}"

    assert leaks(tmp_path, query) == ["gold.fact_notes.note <- silver.patients.ssn"]


def test_leak_through_a_view_and_an_unnested_struct_is_named(tmp_path: Path) -> None:
    query = """
      WITH notes AS (
        SELECT patient_key, [STRUCT('a' AS kind, gender AS text), ('b', ssn)] AS texts
        FROM {{ ref("patients_current") }}
      )
      SELECT notes.patient_key, part.text AS note FROM notes CROSS JOIN UNNEST(notes.texts) AS part
    """

    assert leaks(tmp_path, query) == [
        "gold.fact_notes.note <- silver.patients_current.ssn <- silver.patients.ssn"
    ]


def test_leak_through_another_model_is_named_in_both(tmp_path: Path) -> None:
    step = LEAK.format(query=f"SELECT patient_key, email AS note FROM {PATIENTS}", declared="")
    (tmp_path / "notes.sql").write_text(step, encoding="utf-8")
    query = 'SELECT patient_key, LOWER(note) AS note FROM {{ ref("notes") }}'

    assert leaks(tmp_path, query) == [
        "gold.notes.note <- silver.patients.email",
        "gold.fact_notes.note <- gold.notes.note <- silver.patients.email",
    ]


def test_leak_through_a_derived_column_is_named(tmp_path: Path) -> None:
    query = f"SELECT patient_key, CAST(age_years AS STRING) AS note FROM {PATIENTS}"

    assert leaks(tmp_path, query) == [
        "gold.fact_notes.note <- silver.patients.age_years <- silver.patients.birth_date"
    ]


def test_hash_of_a_whole_row_is_a_leak(tmp_path: Path) -> None:
    query = f"SELECT patient_key, _row_hash AS note FROM {PATIENTS}"

    assert "gold.fact_notes.note <- silver.patients._row_hash <- silver.patients.ssn" in leaks(
        tmp_path, query
    )


@pytest.mark.parametrize(
    "note",
    [
        pytest.param("CAST(COUNT(DISTINCT ssn) AS STRING)", id="count"),
        pytest.param("IF(ssn IS NULL, 'none', 'one')", id="presence"),
        pytest.param("patient_version_key", id="key"),
        pytest.param("gender", id="no PHI"),
    ],
)
def test_count_key_and_presence_are_no_leak(tmp_path: Path, note: str) -> None:
    assert leaks(tmp_path, f"SELECT patient_key, {note} AS note FROM {PATIENTS}") == []


def test_declared_de_identification_is_no_leak(tmp_path: Path) -> None:
    query = (
        f"SELECT patient_key, IF(birth_date < '1990-01-01', 'old', 'young') AS note FROM {PATIENTS}"
    )

    assert leaks(tmp_path, query, ", deidentifies: {patients.birth_date: only two bands}") == []


def test_declaration_does_not_cover_another_column(tmp_path: Path) -> None:
    query = f"SELECT patient_key, CONCAT(birth_date, ssn) AS note FROM {PATIENTS}"

    assert leaks(tmp_path, query, ", deidentifies: {patients.birth_date: only two bands}") == [
        "gold.fact_notes.note <- silver.patients.ssn"
    ]


def test_declaration_of_what_a_column_is_not_made_from_is_an_error(tmp_path: Path) -> None:
    query = f"SELECT patient_key, gender AS note FROM {PATIENTS}"

    with pytest.raises(ConfigError, match=r"does not tell of: silver\.patients\.ssn"):
        leaks(tmp_path, query, ", deidentifies: {patients.ssn: none of it is left}")


def test_column_that_the_select_lacks_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="lacks columns that the header declares: note"):
        leaks(tmp_path, f"SELECT patient_key FROM {PATIENTS}")
