"""Installs what is missing and leaves a stamp.

A second run finds the stamp of the first one and does nothing, until a requirement file changes.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.paths import VENVS
from local.setup import commands, environments, packages
from local.setup.environments import REQUIREMENTS

STAMP = VENVS / "stamp.json"


def main() -> int:
    """Sets up the environments and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--java", action="store_true", help="install Java too, for JVM Spark")
    options = parser.parse_args()
    VENVS.mkdir(parents=True, exist_ok=True)
    try:
        with _locked():
            install(with_java=options.java)
    except commands.SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def install(with_java: bool) -> None:
    """Installs what is missing: system packages, environments, Airflow's empty database.

    Raises:
        SetupError: Something is missing that cannot be installed from here.
    """
    missing = packages.missing_packages(with_java)
    installed, wanted = _read_stamp(), wanted_stamp()
    if installed == wanted and not missing:
        return
    begin = time.monotonic()
    print(f"setting up with Python {sys.version.split()[0]} ({sys.executable})", flush=True)
    commands.LOG.write_text("")
    if missing:
        packages.install_packages(missing)
    if installed != wanted:
        # A stamp of this place means environments that are whole: what they lack can be added.
        is_new = installed.get("place") != wanted["place"]
        STAMP.unlink(missing_ok=True)
        environments.install_environments(is_new)
        STAMP.write_text(json.dumps(wanted))
    print(f"set-up is complete ({time.monotonic() - begin:.0f} s)", flush=True)


def wanted_stamp() -> dict[str, str]:
    """Returns what an installation depends on: its place, and a hash of its requirements."""
    files = [*sorted(REQUIREMENTS.glob("*.txt")), *sorted(Path(__file__).parent.glob("*.py"))]
    content = "\0".join(file.read_text() for file in files)
    return {
        "place": f"{VENVS} {sys.base_prefix} {sys.version_info.major}.{sys.version_info.minor}",
        "content": hashlib.sha256(content.encode()).hexdigest(),
    }


def _read_stamp() -> dict[str, str]:
    """Returns the stamp of a complete installation that still runs, an empty one without."""
    pythons = [VENVS / name / "bin" / "python" for name in ("uv", "main", "bigquery")]
    if not STAMP.exists() or not all(os.access(python, os.X_OK) for python in pythons):
        return {}
    return dict(json.loads(STAMP.read_text()))


@contextmanager
def _locked() -> Iterator[None]:
    with (VENVS / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
