"""The sources' tables and files: column names in order, and the MySQL tables that hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DATES = frozenset(
    {"DOB", "EncounterDate", "VisitDate", "ServiceDate", "PaidDate", "BilledDate", "PostingDate",
     "FiledDate", "DecisionDate"}
)  # fmt: skip
INSTANTS = frozenset({"InsertedDate", "InsertDate", "ModifiedDate", "Updated_Date"})
MONEY = frozenset(
    {"Amount", "PaidAmount", "PatientPaidAmount", "AdjustmentAmount", "WriteOffAmount"}
)
SIMULATED_TYPES = {"date": "DATE", "instant": "DATETIME", "money": "DECIMAL(18,2)"}
TEXT_TYPE = "VARCHAR(255)"
SPELLING = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"


@dataclass(frozen=True)
class Table:
    """A table of a hospital's database or a payer's file.

    The key of a database's table is the first column, and may repeat. A hospital may lack a table
    that `may_lack`, and any of the `optional` columns.
    """

    name: str
    columns: tuple[str, ...]
    watermark: str | None = None
    optional: frozenset[str] = frozenset()
    may_lack: bool = False

    @property
    def key(self) -> str:
        """The column that identifies a row in the hospital."""
        return self.columns[0]


_PROVIDERS = Table(
    "providers",
    ("ProviderID", "FirstName", "LastName", "Specialization", "DeptID", "NPI"),
)
_DEPARTMENTS = Table("departments", ("DeptID", "Name"))
_ENCOUNTERS = Table(
    "encounters",
    ("EncounterID", "PatientID", "EncounterDate", "EncounterType", "ProviderID", "DepartmentID",
     "ProcedureCode", "InsertedDate", "ModifiedDate"),
    watermark="ModifiedDate",
)  # fmt: skip
_TRANSACTIONS = Table(
    "transactions",
    ("TransactionID", "EncounterID", "PatientID", "ProviderID", "DeptID", "VisitDate",
     "ServiceDate", "PaidDate", "VisitType", "Amount", "AmountType", "PaidAmount",
     "PatientPaidAmount", "AdjustmentAmount", "WriteOffAmount", "ClaimID", "PayorID",
     "ProcedureCode", "ICDCode", "LineOfBusiness", "MedicaidID", "MedicareID", "BilledDate",
     "InsertDate", "ModifiedDate"),
    watermark="ModifiedDate",
    optional=frozenset(
        {"PatientPaidAmount", "AdjustmentAmount", "WriteOffAmount", "BilledDate"}
    ),
)  # fmt: skip
_POSTINGS = Table(
    "postings",
    ("PostingID", "TransactionID", "PostingDate", "PostingType", "ReasonCode", "Amount", "ClaimID",
     "PayorID", "ToPayorID", "InsertDate", "ModifiedDate"),
    watermark="ModifiedDate",
    may_lack=True,
)  # fmt: skip
_APPEALS = Table(
    "appeals",
    ("AppealID", "ClaimID", "FiledDate", "DecisionDate", "Outcome", "InsertDate", "ModifiedDate"),
    watermark="ModifiedDate",
    may_lack=True,
)  # fmt: skip
_PATIENTS_A = Table(
    "patients",
    ("PatientID", "FirstName", "LastName", "MiddleName", "SSN", "PhoneNumber", "Email", "Gender",
     "DOB", "Address", "InsuranceProvider", "ModifiedDate"),
    watermark="ModifiedDate",
    optional=frozenset({"Email", "InsuranceProvider"}),
)  # fmt: skip
_PATIENTS_B = Table(
    "patients",
    ("ID", "F_Name", "L_Name", "M_Name", "SSN", "PhoneNumber", "Email_Address", "Gender", "DOB",
     "Address", "Insurance_Name", "Updated_Date"),
    watermark="Updated_Date",
    optional=frozenset({"Email_Address", "Insurance_Name"}),
)  # fmt: skip
_COMMON = (_PROVIDERS, _DEPARTMENTS, _ENCOUNTERS, _TRANSACTIONS, _POSTINGS, _APPEALS)

HOSPITAL_TABLES: dict[str, tuple[Table, ...]] = {
    "hospital_a": (_PATIENTS_A, *_COMMON),
    "hospital_b": (_PATIENTS_B, *_COMMON),
}
CLAIMS = Table(
    "claims",
    ("ClaimID", "TransactionID", "PatientID", "EncounterID", "ProviderID", "DeptID", "ServiceDate",
     "ClaimDate", "AdjudicationDate", "PayorID", "ClaimAmount", "PaidAmount", "ClaimStatus",
     "PayorType", "Deductible", "Coinsurance", "Copay", "FrequencyCode", "OriginalClaimID",
     "PayerSequence", "EditCount", "InsertDate", "ModifiedDate"),
    watermark="ModifiedDate",
    optional=frozenset(
        {"AdjudicationDate", "FrequencyCode", "OriginalClaimID", "PayerSequence", "EditCount"}
    ),
)  # fmt: skip
REMITTANCES = Table(
    "remits",
    ("RemitID", "ClaimID", "PayorID", "RemitDate", "CheckNumber", "StatusCode", "ChargeAmount",
     "PaidAmount", "PatientResponsibility", "AllowedAmount",
     *(f"Adj{number}{part}"
       for number in range(1, 5) for part in ("Group", "Code", "Amount", "Remark")),
     "InsertDate", "ModifiedDate"),
    watermark="ModifiedDate",
)  # fmt: skip
PROVIDER_ADJUSTMENTS = Table(
    "plb",
    ("AdjustmentID", "PayorID", "CheckNumber", "AdjustmentDate", "ReasonCode", "Amount", "ClaimID",
     "InsertDate", "ModifiedDate"),
    watermark="ModifiedDate",
)  # fmt: skip
FEE_SCHEDULES = Table(
    "fee_schedule", ("PayorID", "ProcedureCode", "ValidFrom", "ValidTo", "AllowedPercent")
)
PAYER_TERMS = Table("payer_terms", ("PayorID", "ValidFrom", "ValidTo", "FilingDays", "AppealDays"))
CODES = Table(
    "cptcodes",
    ("CPT Codes", "Procedure Code Category", "Procedure Code Descriptions", "Code Status"),
)


@dataclass(frozen=True)
class PayerFile:
    """A kind of file that payers send for a hospital: one for each period of a record's day.

    `source` names the files, `period_digits` is how much of the day (YYYY-MM-DD) names the period;
    0 if there is one file.
    """

    source: str
    table: Table
    folder: str
    name: str
    day: str = ""
    period_digits: int = 0

    def period(self, record: Any) -> str:
        """Returns the period whose file a record lies in."""
        return str(getattr(record, self.day))[: self.period_digits] if self.day else ""


PAYER_FILES: dict[str, PayerFile] = {
    "claims": PayerFile("payer_claims.claims", CLAIMS, "claims", "claims_{}.csv", "claim_date", 7),
    "remittances": PayerFile(
        "payer_claims.remittances", REMITTANCES, "remits", "remits_{}.csv", "remit_date", 7
    ),
    "provider_adjustments": PayerFile(
        "payer_claims.provider_adjustments", PROVIDER_ADJUSTMENTS, "plb", "plb_{}.csv",
        "adjustment_date", 4,
    ),
    "fee_schedules": PayerFile(
        "payer_claims.fee_schedules", FEE_SCHEDULES, "fee_schedules", "fee_schedule.csv"
    ),
    "payer_terms": PayerFile(
        "payer_claims.payer_terms", PAYER_TERMS, "payer_terms", "payer_terms.csv"
    ),
}  # fmt: skip


def create_table(table: Table, columns: tuple[str, ...], types: Mapping[str, str]) -> str:
    """Returns the DDL of a table with these columns; text unless `types` names the column's kind.

    There is no primary key: like real exports, the tables may hold a row twice. Keys that differ in
    case are different keys.
    """
    lines = [f"`{column}` {types.get(_kind(column), TEXT_TYPE)}" for column in columns]
    lines += [f"KEY (`{column}`)" for column in (table.key, table.watermark) if column]
    return f"CREATE TABLE `{table.name}` ({', '.join(lines)}) {SPELLING}"


def _kind(column: str) -> str:
    if column in DATES:
        return "date"
    if column in INSTANTS:
        return "instant"
    return "money" if column in MONEY else "text"
