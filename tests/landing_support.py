"""What landing tests share: a hospital's database to fill, and bronze objects to read."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import MySQLdb
import pyarrow as pa
import pyarrow.parquet as pq

from utils.gcp import storage

if TYPE_CHECKING:
    from collections.abc import Sequence

LAKE = "rcm-lake"
LANDING = "rcm-landing"
HEADER = b"ClaimID,PaidAmount,ModifiedDate\n"  # of a small delivery


@dataclass(frozen=True)
class Hospital:
    """A hospital's database, as the tests fill and change it."""

    uri: str

    def run(self, *statements: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Runs statements, invalid dates allowed, and returns the last one's rows."""
        parts = urlsplit(self.uri)
        connection = MySQLdb.connect(
            host=parts.hostname,
            port=parts.port,
            user=parts.username,
            password=unquote(parts.password or ""),
            database=parts.path.strip("/"),
            charset="utf8mb4",
            autocommit=True,
        )
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00'")
            for statement in statements:
                cursor.execute(statement, values or None)
            rows = list(cursor.fetchall())
        connection.close()
        return rows


def bronze(uri: str) -> pa.Table:
    """The content of a bronze object."""
    stored = storage.stat(uri)
    assert stored is not None, f"{uri} was not written"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "part-0.parquet"
        storage.download(stored, path)
        return pq.read_table(path, partitioning=None)


def put(name: str, content: bytes, folder: Path) -> storage.StoredObject:
    """Delivers a file to the landing bucket."""
    path = folder / "delivery"
    path.write_bytes(content)
    return storage.upload(path, f"gs://{LANDING}/{name}")
