"""The commands for Cloud Composer, read by Airflow's own parser."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime

from airflow.cli.cli_parser import get_parser

from local.paths import ROOT


def documented_arguments() -> list[list[str]]:
    """What the runbook passes on to Airflow: the subcommand, and its arguments behind `--`."""
    text = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    commands = re.findall(r"^gcloud composer environments run .*$", text, re.MULTILINE)
    found = []
    for command in commands:
        words = shlex.split(command)
        subcommand = words[words.index("REGION") + 1 : words.index("--")]
        found.append([*subcommand, *words[words.index("--") + 1 :]])
    return found


def test_airflow_takes_the_backfill_that_the_runbook_creates_and_it_has_its_last_day() -> None:
    [arguments] = documented_arguments()

    options = get_parser().parse_args(arguments)

    assert arguments[:2] == ["backfill", "create"]
    assert options.dag_id == "rcm_daily"
    assert options.max_active_runs == 1
    last_run = datetime(2026, 2, 4, 6, tzinfo=UTC)
    assert options.from_date <= datetime(2026, 2, 1, 6, tzinfo=UTC)
    assert last_run <= options.to_date < last_run.replace(day=5)
