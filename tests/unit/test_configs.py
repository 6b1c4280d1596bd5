"""A broken configuration is one error that names file and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from utils.contracts.sources import load_source
from utils.errors import ConfigError
from utils.paths import CONFIGS

HOSPITAL = (CONFIGS / "sources" / "hospital_a.yaml").read_text()


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        pytest.param("time_zone:", "timezone:", "`mysql.timezone`: unknown key", id="unknown-key"),
        pytest.param("    watermark: ModifiedDate\n", "", "`watermark` is missing", id="watermark"),
        pytest.param("last_name: LastName, ", "", "`last_name` of patients", id="required-column"),
        pytest.param("ssn: SSN", "ssm: SSN", "`columns.ssm` is no column", id="unknown-column"),
        pytest.param("entity: patients", "entity: people", "names `people`", id="unknown-entity"),
        pytest.param(
            "max_delete_share: 0.2", "max_delete_share: 20", "max_delete_share", id="share"
        ),
        pytest.param("America/New_York", "New York", "no IANA time zone", id="time-zone"),
        pytest.param(
            "    load: incremental\n",
            "    load: incremental\n    extra_columns: drop\n",
            "`mysql.tables.patients.extra_columns`",
            id="A15-drift-policy",
        ),
        pytest.param("kind: mysql\n", "kind: mysql\nkind: mysql\n", "written twice", id="twice"),
    ],
)
def test_a_broken_source_names_file_and_field(
    tmp_path: Path, before: str, after: str, complaint: str
) -> None:
    assert before in HOSPITAL
    file = tmp_path / "hospital_a.yaml"
    file.write_text(HOSPITAL.replace(before, after, 1))
    with pytest.raises(ConfigError) as caught:
        load_source(file)
    assert complaint in str(caught.value)
    assert "hospital_a.yaml" in str(caught.value)


def test_a_name_that_is_sql_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "hospital_a.yaml"
    file.write_text(HOSPITAL.replace("ssn: SSN", 'ssn: "SSN`; DROP TABLE patients"'))
    with pytest.raises(ConfigError):
        load_source(file)
