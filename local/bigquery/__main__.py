"""Starts the emulator with the replacements in place."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from local.bigquery.replace import EMULATOR, SQLGLOT, check_release, install
from local.errors import LocalError


def main() -> int:
    """Runs the emulator until it is stopped, and returns the exit code."""
    # DuckDB looks for pandas at every value that it binds, and it is not installed.
    sys.modules["pandas"] = None  # type: ignore[assignment]
    try:
        for release in (EMULATOR, SQLGLOT):
            check_release(release)
        # Only now: these modules read names of the release as they are imported.
        from local.bigquery.table import REPLACEMENTS

        install(REPLACEMENTS)
    except (LocalError, ImportError, AttributeError) as error:
        print(f"error: the BigQuery emulator cannot start: {error}", file=sys.stderr)
        return 1
    from local_bigquery import cli

    from local.bigquery import translations

    translations.recall(Path(os.environ.get("RCM_TRANSLATIONS", os.devnull)))
    cli.main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
