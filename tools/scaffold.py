"""Writes the files of a new KPI or a new hospital, complete enough to run and to be edited."""

from __future__ import annotations

import argparse
import re
import sys
from typing import TYPE_CHECKING

from utils.contracts.entities import entities
from utils.errors import ConfigError
from utils.paths import ROOT
from utils.schema import IDENTIFIER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from utils.contracts.entities import Entity

# A billing system's further tables; a hospital may lack the optional ones.
DATABASE_ENTITIES = ("patients", "providers", "departments", "encounters", "transactions")
OPTIONAL_ENTITIES = ("postings", "appeals")
LOADED_WHOLE = ("providers", "departments")

_KPI = """/*---
description: Share of gross charges that payers paid, by month of service.
grain: one row per source system and month of service
keys: [source_system, service_month]
owner: revenue-cycle
kpi:
  numerator: paid by payers on the month's charges
  denominator: gross charges of the month
  date_basis: date of service
  basis: gross
  exclusions: quarantined charges
  differs: how it differs from the common wrong way
  source: whose definition it is
columns:
  source_system: {type: STRING, description: Hospital.}
  service_month: {type: DATE, description: First day of the month of service.}
  paid_amount: {type: NUMERIC, description: Paid by payers in USD.}
  billed_amount: {type: NUMERIC, description: Gross charges in USD.}
  paid_rate: {type: RATE, description: Paid by payers over gross charges.}
checks:
  - {sum_equals: {billed_amount: fact_transactions.billed_amount}}
  - {range: {paid_rate: [0, 1]}, severity: warn}
---*/
WITH
  transactions AS (
    SELECT source_system, service_date, paid_amount, billed_amount
    FROM {{ ref("fact_transactions") }}
  ),

  months AS (
    SELECT
      source_system,
      DATE_TRUNC(service_date, MONTH) AS service_month,
      SUM(paid_amount) AS paid_amount,
      SUM(billed_amount) AS billed_amount
    FROM transactions
    GROUP BY source_system, service_month
  )

SELECT
  source_system,
  service_month,
  paid_amount,
  billed_amount,
  SAFE_DIVIDE(paid_amount, billed_amount) AS paid_rate
FROM months
"""
_GIVEN = """\
- {transaction_key: A1, source_system: hospital_a, service_date: 2025-01-01, billed_amount: 100, paid_amount: 60}
- {transaction_key: A2, source_system: hospital_a, service_date: 2025-01-31, billed_amount: 50, paid_amount: 0}
- {transaction_key: A3, source_system: hospital_a, service_date: 2025-02-01, billed_amount: 0, paid_amount: 0} # no ratio
- {transaction_key: B1, source_system: hospital_b, service_date: 2025-01-15, billed_amount: 8, paid_amount: 8}
"""  # noqa: E501
_EXPECT = """\
rows:
  - {source_system: hospital_a, service_month: 2025-01-01, paid_amount: 60, billed_amount: 150, paid_rate: 0.4}
  - {source_system: hospital_a, service_month: 2025-02-01, paid_amount: 0, billed_amount: 0, paid_rate: null}
  - {source_system: hospital_b, service_month: 2025-01-01, paid_amount: 8, billed_amount: 8, paid_rate: 1}
"""  # noqa: E501


def main() -> int:
    """Writes the files, prints their names and what to do with them; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.scaffold", description=__doc__)
    parser.add_argument("what", choices=["kpi", "source"])
    parser.add_argument("name", help="such as kpi_paid_share or hospital_c")
    options = parser.parse_args()
    try:
        files = kpi_files(options.name) if options.what == "kpi" else source_files(options.name)
        write(files, ROOT)
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print("\n".join([*(f"wrote {file}" for file in files), *_next_steps(options)]))
    return 0


def kpi_files(name: str) -> dict[str, str]:
    """The SELECT of a KPI with its header, and a case that it passes, by path.

    Raises:
        ConfigError: the name is not one of a KPI.
    """
    if not name.startswith("kpi_") or not re.match(IDENTIFIER, name):
        raise ConfigError(
            "This is no name of a KPI", where=f"NAME={name}", remedy="Write it like kpi_paid_share"
        )
    case = f"tests/sql/gold/{name}"
    return {
        f"sql/gold/kpis/{name}.sql": _KPI,
        f"{case}/given/fact_transactions.yaml": _GIVEN,
        f"{case}/expect.yaml": _EXPECT,
    }


def source_files(name: str) -> dict[str, str]:
    """The file of a hospital's database, which maps every column of the data model, by its path.

    Raises:
        ConfigError: the name is not one of a source.
    """
    if not re.match(IDENTIFIER, name):
        raise ConfigError(
            "This is no name of a source", where=f"NAME={name}", remedy="Write it like hospital_c"
        )
    return {f"configs/sources/{name}.yaml": "\n".join(_source(name)) + "\n"}


def write(files: Mapping[str, str], root: Path) -> None:
    """Writes all files, or none.

    Raises:
        ConfigError: one of them is there already.
    """
    for file in files:
        if (root / file).exists():
            raise ConfigError(
                "The file is there already", where=file, remedy="Choose another NAME, or edit it"
            )
    for file, text in files.items():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text, encoding="utf-8")


def _source(name: str) -> Iterator[str]:
    yield f"name: {name}"
    yield "description: Billing database of the hospital."
    yield "kind: mysql"
    yield f"connection: {name}_db # the Airflow connection"
    yield "time_zone: America/New_York # in which the database writes its local times"
    yield "phone_region: US # whose telephone numbers have no country code"
    yield "tables: # <name in the database>, then <column of the data model>: <column of the table>"
    for table in (*DATABASE_ENTITIES, *OPTIONAL_ENTITIES):
        yield from _table(entities()[table])


def _table(entity: Entity) -> Iterator[str]:
    yield f"  {entity.name}:"
    yield f"    entity: {entity.name}"
    if entity.name in LOADED_WHOLE:
        yield "    load: full"
    else:
        yield "    load: incremental"
        yield "    watermark: modified_at # dates the last change of a row"
    if entity.name in OPTIONAL_ENTITIES:
        yield "    optional: true # remove the table if the hospital will never have it"
    yield "    columns:"
    for name, column in sorted(entity.columns.items(), key=lambda item: not item[1].required):
        yield f"      {name}: {name}" + (" # required" if column.required else "")


def _next_steps(options: argparse.Namespace) -> Iterator[str]:
    if options.what == "kpi":
        yield "It runs as it is. Make it yours: definition, columns, SELECT, given, expect. Then"
        yield f'  make test ARGS="-k {options.name} tests/sql/test_models.py"'
        yield "  make dictionary"
    else:
        yield "Write the names of the hospital's tables and columns to the right of each colon,"
        yield "remove what it does not have (nothing marked `required`), and follow"
        yield "docs/new-hospital.md. Then"
    yield "  make lint"


if __name__ == "__main__":
    sys.exit(main())
