"""Installs Google's evaluator of GoogleSQL; its packages do not go with Airflow's."""

from __future__ import annotations

import hashlib
import sys

from local.paths import VENVS
from local.setup import commands
from local.setup.environments import REQUIREMENTS, find_python, sync

NAME = "google-sql"
PYTHON = "3.11"


def main() -> int:
    """Makes the environment if it is missing or its pins changed."""
    pins = REQUIREMENTS / f"{NAME}.txt"
    stamp = VENVS / NAME / "pins"
    wanted = hashlib.sha256(pins.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return 0
    try:
        with commands.step("Google's evaluator"):
            sync(NAME, find_python(PYTHON), pins.name)
    except commands.SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    stamp.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
