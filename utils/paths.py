"""Where the code's own files are, in a checkout and in a Composer bundle alike.

A bundle lays `dags/*.py`, `utils/`, `configs/` and `sql/` side by side, so everything is found
from this file's place. `RCM_CONFIGS` names another folder of configuration files: the tests have
sources of their own.
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONFIGS = Path(os.environ.get("RCM_CONFIGS") or ROOT / "configs")
SQL = ROOT / "sql"
SPARK_MAIN = ROOT / "spark_jobs" / "main.py"
VERSION_FILE = ROOT / "VERSION"


def code_version() -> str:
    """The commit that a bundle was made from; Spark's code lies under the same name."""
    return VERSION_FILE.read_text(encoding="utf-8").strip() if VERSION_FILE.exists() else "checkout"
