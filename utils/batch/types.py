"""Column types, as the contracts of silver and gold write them, and what each engine calls them.

NUMERIC is USD. RATE is any ratio; what fits a RATE of silver fits one of gold.
"""

from __future__ import annotations

from typing import Literal

ColumnType = Literal["STRING", "DATE", "TIMESTAMP", "NUMERIC", "INT64", "BOOL", "RATE"]

SILVER_RATE_DECIMALS = 6  # from there on, every engine's quotient has enough digits to round
GOLD_RATE_DECIMALS = 9  # those of BigQuery's NUMERIC

SPARK_TYPES: dict[str, str] = {
    "STRING": "string",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "NUMERIC": "decimal(18,2)",
    "RATE": f"decimal(18,{SILVER_RATE_DECIMALS})",
    "INT64": "bigint",
    "BOOL": "boolean",
}


def bigquery_type(kind: str) -> str:
    """BigQuery's name of a column type."""
    return "NUMERIC" if kind == "RATE" else kind
