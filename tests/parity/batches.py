"""Three batches of all entities, written to find differences between engines.

`first` loads everything, typed as MySQL gives it and as text; `second` brings changes, late rows,
repeats and deletions of one hospital on top of it, and no load of some entities; `replay` reads
some rows of the first again. Every engine reads the log that it wrote itself.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from tests.spark_support import batch_json, entity_json, load_json, write_bronze

BATCHES = ("first", "second", "replay")
ENTITIES = (
    "departments",
    "providers",
    "patients",
    "encounters",
    "transactions",
    "claims",
    "procedures",
)
LOCAL = pa.timestamp("us")
MONEY = pa.decimal128(18, 2)
ROWS = 300
NAMES = (
    "ann", "ANN LEE", "mcdonald", "O'BRIEN", "smith-jones", "de la Cruz", "DeShawn", "j.r.",
    "ÉLODIE", "straße", "日本", "  x \u00a0 y\u200b ", "3rd", "Mcdonald", "o\u2019neill", "", None,
    "a\tb\nc", "👩\u200d⚕️", "İstanbul", "\ufeffzoe", "${1}", "\\1", "$0", "Σίσυφος", "e\u0301lodie",
)  # fmt: skip
CODES = (
    "p-1", " P1 ", "p\u00a02", "\uff30\uff13", "0004", "", None, "1.2E+15", "a|b", "p'5", "%", "ÿ",
)  # fmt: skip
AMOUNTS = (
    "12.5", "988.3699951171875", "-0.005", "1.005", "2.675", "0", "1e3", "NaN", "$5", "(1)", "",
    None, "99999999999999999", "9999999999999999.99", " 7 ", "+3.1", ".5", "5.", "1,5", "0.015",
    "0.03", "0.07",
)  # fmt: skip
DAYS = (
    "2025-02-28", "2024-02-29", "2025-02-29", "0000-00-00", "01/02/2025", "20250101", "2025-1-1",
    "", None, "1899-12-31", "2025-01-01 00:00:00", "9999-12-31", "2025-12-31", "2025-06-15",
)  # fmt: skip
MOMENTS = (
    "2025-03-09 02:30:00", "2025-11-02 01:30:00", "2025-06-01", "2025-06-01T10:00:00Z",
    "2025-06-01 10:00:00.123456", "2025-06-01 10:00:00+05:30", "2025-13-01 00:00:00", "", None,
    "2026-03-01 00:00:00", "2025-06-01 24:00:00", "2025-06-01 10:00",
)  # fmt: skip
PHONES = (
    "(703)210-5078x2916", "001-630-829-7585", "+1 456.746.7289 EXT 1", "829-7585", "", None,
    "\uff1490 299 4299",
)  # fmt: skip
EMAILS = ("A.B@Example.com", "a@b", "a b@c.de", "", None, "é@example.com", "x_y+z@sub.example.org")
SSNS = ("188239828", "188-23-9828", "000-12-3456", "666123456", "188-00-1234", "", None, "x")
GENDERS = ("M", "female", "Unknown", "u", "x", "", None, "OTHER")
NPIS = ("1265568618", "65568618", "126-556-8618", "12", "", None, "2265568618")
BUSINESS = ("self pay", "SELFPAY", "Self-pay", "medicare", "COMMERCIAL ppo", "", None)
STATUSES = ("PAID", "denied", " Pending", "approved", "Rejected", "lost", "", None)
ADDRESSES = ("1 A St, Reno, NV 89501", "2 B St, NY 10001-1234 ", "no zip", "", None)


class Inputs:
    """Makes columns of awkward values, the same ones for the same seed."""

    def __init__(self, seed: str, row_count: int) -> None:
        self._random = random.Random(seed)
        self._row_count = row_count

    def pick(self, values: Sequence[str | None]) -> pa.Array:
        chosen = [self._random.choice(values) for _ in range(self._row_count)]
        return pa.array(chosen, pa.string())

    def keys(self, prefix: str, count: int) -> pa.Array:
        """Keys, of which some come several times, some in another spelling and some not at all."""
        spellings = ("{}", "{}", "{}", " {}", "{}\u200b", "")
        chosen = [
            self._random.choice(spellings).format(f"{prefix}{self._random.randrange(count)}")
            for _ in range(self._row_count)
        ]
        return pa.array([key.lower() if len(key) % 3 == 0 else key for key in chosen])

    def days(self) -> pa.Array:
        first = date(2024, 12, 1)
        return self._some(lambda: first + timedelta(days=self._random.randrange(365)), pa.date32())

    def births(self) -> pa.Array:
        first = date(1890, 1, 1)
        return self._some(
            lambda: first + timedelta(days=self._random.randrange(50_000)), pa.date32()
        )

    def moments(self) -> pa.Array:
        first = datetime(2025, 3, 9, 1, 30)  # noqa: DTZ001
        step = timedelta(minutes=30)
        return self._some(lambda: first + step * self._random.randrange(6), LOCAL)

    def money(self) -> pa.Array:
        return self._some(lambda: Decimal(self._random.randrange(-99, 9_999)) / 100, MONEY)

    def _some(self, make: Any, kind: pa.DataType) -> pa.Array:
        values = [make() if self._random.random() > 0.05 else None for _ in range(self._row_count)]
        return pa.array(values, kind)


def write_inputs(bucket: Path, address: str) -> None:
    """Writes bronze and, for each engine, the specifications that read it."""
    loads = {name: _write_loads(bucket, name) for name in ("first", "second")}
    loads["replay"] = {
        entity: [{**load, "rows": list(range(1, ROWS, 7))} for load in first]
        for entity, first in loads["first"].items()
    }
    deletes = _write_deletes(bucket)
    for engine in ("sail", "jvm"):
        for position, name in enumerate(BATCHES):
            history = [f"{address}/{engine}/{before}" for before in BATCHES[:position]]
            entities = [
                entity_json(
                    entity,
                    loads=_addressed(loads[name][entity], bucket, address),
                    history=[f"{batch}/{entity}/observations/" for batch in history],
                    deletes=[f"{address}/{deletes}"]
                    if (name, entity) == ("second", "patients")
                    else [],
                )
                for entity in ENTITIES
            ]
            spec = bucket / engine / f"{name}.json"
            spec.parent.mkdir(parents=True, exist_ok=True)
            spec.write_text(batch_json(*entities, batch_id=name), encoding="utf-8")


def _addressed(loads: list[dict[str, Any]], bucket: Path, address: str) -> list[dict[str, Any]]:
    return [
        {**load, "path": f"{address}/{Path(load['path']).relative_to(bucket)}"} for load in loads
    ]


def _write_loads(bucket: Path, batch: str) -> dict[str, list[dict[str, Any]]]:
    observed_at = "2026-02-01T05:00:00Z" if batch == "first" else "2026-02-02T05:00:00Z"
    loads: dict[str, list[dict[str, Any]]] = {entity: [] for entity in ENTITIES}

    def write(entity: str, source: str, table: str, hospital: str, columns: dict[str, Any]) -> None:
        load_id = f"{hospital}.{table}.{batch}"
        folder = bucket / "bronze" / hospital / table / f"load_id={load_id}"
        path = write_bronze(folder / "part-0.parquet", columns, load_id)
        parts = {"load_id": load_id, "source_system": hospital, "observed_at": observed_at}
        loads[entity].append(load_json(path, source, table, **parts))

    for hospital in ("hospital_a", "hospital_b") if batch == "first" else ("hospital_a",):
        inputs = Inputs(f"{batch} {hospital}", ROWS)
        if batch == "first":
            write("departments", hospital, "departments", hospital, _departments(inputs))
        write("providers", hospital, "providers", hospital, _providers(inputs))
        write("patients", hospital, "patients", hospital, _patients(inputs, hospital))
        write("encounters", hospital, "encounters", hospital, _encounters(inputs))
        write("transactions", hospital, "transactions", hospital, _transactions(inputs))
        write("claims", "payer_claims", "claims", hospital, _claims(inputs))
    if batch == "first":
        codes = _procedures(Inputs(batch, ROWS))
        write("procedures", "reference_codes", "cptcodes", "reference_codes", codes)
    return loads


def _write_deletes(bucket: Path) -> str:
    instant = pa.timestamp("us", tz="UTC")
    at = datetime(2025, 3, 9, 8, tzinfo=UTC)
    table = pa.table(
        {
            "source_system": ["hospital_a"] * 40,
            "patient_id": [f"P{number}" for number in range(40)],
            "_event_at": pa.array([at] * 40, instant),
            "_observed_at": pa.array([datetime(2026, 2, 2, tzinfo=UTC)] * 40, instant),
            "_load_id": ["hospital_a.patients.reconcile"] * 40,
            "_row_id": pa.array(range(1, 41), pa.int64()),
        }
    )
    path = bucket / "deletes/patients.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table, path)
    return str(path.relative_to(bucket))


def _departments(inputs: Inputs) -> dict[str, Any]:
    return {"DeptID": inputs.keys("D", 30), "Name": inputs.pick(NAMES)}


def _providers(inputs: Inputs) -> dict[str, Any]:
    return {
        "ProviderID": inputs.keys("H1-PROV", 60),
        "FirstName": inputs.pick(NAMES),
        "LastName": inputs.pick(NAMES),
        "Specialization": inputs.pick(NAMES),
        "DeptID": inputs.keys("D", 30),
        "NPI": inputs.pick(NPIS),
    }


def _patients(inputs: Inputs, hospital: str) -> dict[str, Any]:
    names = (
        ("PatientID", "FirstName", "LastName", "MiddleName", "Email", "ModifiedDate")
        if hospital == "hospital_a"
        else ("ID", "F_Name", "L_Name", "M_Name", "Email_Address", "Updated_Date")
    )
    values = [inputs.keys("P", 80), *(inputs.pick(NAMES) for _ in range(3)), inputs.pick(EMAILS)]
    return {
        **dict(zip(names, [*values, inputs.moments()], strict=True)),
        "SSN": inputs.pick(SSNS),
        "PhoneNumber": inputs.pick(PHONES),
        "Gender": inputs.pick(GENDERS),
        "DOB": inputs.births(),
        "Address": inputs.pick(ADDRESSES),
    }


def _encounters(inputs: Inputs) -> dict[str, Any]:
    return {
        "EncounterID": inputs.keys("E", 90),
        "PatientID": inputs.keys("P", 80),
        "EncounterDate": inputs.days(),
        "EncounterType": inputs.pick(NAMES),
        "ProviderID": inputs.pick(CODES),
        "DepartmentID": inputs.pick(CODES),
        "ProcedureCode": inputs.pick(CODES),
        "InsertedDate": inputs.moments(),
        "ModifiedDate": inputs.days(),
    }


def _transactions(inputs: Inputs) -> dict[str, Any]:
    return {
        "TransactionID": inputs.keys("T", 100),
        "EncounterID": inputs.keys("E", 90),
        "PatientID": inputs.keys("P", 80),
        "VisitDate": inputs.days(),
        "ServiceDate": inputs.days(),
        "PaidDate": inputs.days(),
        "Amount": inputs.money(),
        "AmountType": inputs.pick(NAMES),
        "PaidAmount": inputs.money(),
        "PatientPaidAmount": inputs.money(),
        "AdjustmentAmount": inputs.money(),
        "WriteOffAmount": inputs.money(),
        "ICDCode": inputs.pick(CODES),
        "LineOfBusiness": inputs.pick(BUSINESS),
        "InsertDate": inputs.moments(),
        "ModifiedDate": inputs.moments(),
    }


def _claims(inputs: Inputs) -> dict[str, Any]:
    return {
        "ClaimID": inputs.keys("C", 100),
        "TransactionID": inputs.keys("T", 100),
        "ServiceDate": inputs.pick(DAYS),
        "ClaimDate": inputs.pick(DAYS),
        "AdjudicationDate": inputs.pick(DAYS),
        "PayorID": inputs.pick(NAMES[:6]),
        "ClaimAmount": inputs.pick(AMOUNTS),
        "PaidAmount": inputs.pick(AMOUNTS),
        "ClaimStatus": inputs.pick(STATUSES),
        "PayorType": inputs.pick(BUSINESS),
        "Deductible": inputs.pick(AMOUNTS),
        "InsertDate": inputs.pick(MOMENTS),
        "ModifiedDate": inputs.pick(MOMENTS[:6]),
    }


def _procedures(inputs: Inputs) -> dict[str, Any]:
    return {
        "CPT Codes": inputs.keys("9921", 90),
        "Procedure Code Category": inputs.pick(NAMES),
        "Procedure Code Descriptions": inputs.pick(NAMES),
        "Code Status": inputs.pick(CODES),
    }
