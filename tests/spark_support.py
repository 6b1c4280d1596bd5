"""What the Spark tests share: a Sail server of their own, specifications and bronze files."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml
from pyarrow import parquet

from utils.contracts.entities import entities

ROOT = Path(__file__).resolve().parents[1]
OBSERVED_AT = "2026-02-01T05:00:00Z"


@contextmanager
def sail_server() -> Iterator[str]:
    """Runs a Sail server on a free port and yields its `sc://` address."""
    port = _free_port()
    sail = Path(sys.executable).with_name("sail")
    command = [str(sail), "spark", "server", "--port", str(port)]
    # The session lasts as long as the test run, also while other tests keep it idle.
    environment = {**os.environ, "SAIL_SPARK__SESSION_TIMEOUT_SECS": "86400"}
    server = subprocess.Popen(  # noqa: S603
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_until_it_listens(port, server)
        yield f"sc://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_it_listens(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("Sail did not start within 30 seconds")


def entity_json(name: str, **parts: Any) -> dict[str, Any]:
    """An entity of the batch specification as configured; `parts` adds loads and the like."""
    config = yaml.safe_load((ROOT / f"configs/entities/{name}.yaml").read_text(encoding="utf-8"))
    columns = [column_json(column, **spec) for column, spec in config["columns"].items()]
    derived = [
        {"name": column, "type": spec["type"], "expr": spec["expr"]}
        for column, spec in config.get("derived", {}).items()
    ]
    parent = config.get("belongs_to")
    return {
        "name": config["name"],
        "singular": config["singular"],
        "key": config["key"],
        "belongs_to": parent and {"key_column": f"{parent['singular']}_key", "by": parent["by"]},
        "keeps_revisions": config.get("keeps_revisions", False),
        "amounts": config.get("amounts"),
        "columns": columns,
        "derived": derived,
        "rules": [rule.model_dump() for rule in entities()[name].row_rules],
        "history": [],
        "deletes": [],
        "loads": [],
        **parts,
    }


def column_json(name: str, type: str = "STRING", **contract: Any) -> dict[str, Any]:  # noqa: A002
    """A contract column of the batch specification."""
    return {
        "name": name,
        "type": type,
        "normalize": contract.get("normalize"),
        "required": contract.get("required", False),
        "tracked": contract.get("tracked", True),
        "fold": contract.get("fold"),
        "phi": contract.get("phi", False),
    }


def load_json(path: Path, source: str, table: str, **parts: Any) -> dict[str, Any]:
    """A load of a configured source's table; columns that its file lacks are left out."""
    config = yaml.safe_load((ROOT / f"configs/sources/{source}.yaml").read_text(encoding="utf-8"))
    contract = config["tables"][table]
    present = set(parquet.read_schema(path).names)
    return {
        "load_id": "l1",
        "source_system": source,
        "time_zone": config["time_zone"],
        "path": str(path),
        "columns": {to: at for to, at in contract["columns"].items() if at in present},
        "watermark": contract.get("watermark"),
        "observed_at": OBSERVED_AT,
        **parts,
    }


def batch_json(*entities: dict[str, Any], batch_id: str = "b1") -> str:
    """A batch specification as the job reads it."""
    document = {"batch_id": batch_id, "business_date": "2026-01-31", "entities": list(entities)}
    return json.dumps(document)


def write_bronze(
    path: Path, columns: Mapping[str, Sequence[Any] | pa.Array], load_id: str = "l1"
) -> Path:
    """Writes a bronze file; rows are numbered from 1 as landing does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    row_count = len(next(iter(columns.values())))
    technical = {
        "_load_id": pa.array([load_id] * row_count, pa.string()),
        "_row_id": pa.array(range(1, row_count + 1), pa.int64()),
    }
    table = pa.table({**columns, **technical})
    parquet.write_table(table, path)
    return path


def read_rows(folder: Path) -> list[dict[str, Any]]:
    """The rows of a Parquet folder."""
    rows: list[dict[str, Any]] = parquet.read_table(folder).to_pylist()
    return rows
