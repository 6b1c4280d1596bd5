"""The script that builds, checks and publishes gold as one query job.

Models are built as temporary tables in the order of their references. Every promise is counted
and recorded in `audit.dq_results`; a broken one of severity `fail` ends the script with an error
before anything is published. One transaction then brings gold to the built state and touches only
the rows that differ: readers see all of it or nothing, and a repeated run changes nothing.

The script takes the query parameters @business_date DATE and @run_id STRING.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from utils.audit import lease
from utils.gcp.templates import render_file
from utils.gold.models import gold_models, resolver, select

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from utils.gold.checks import Rule
    from utils.gold.models import Model
    from utils.settings import Settings


def refresh_script(environment: Settings, models: Mapping[str, Model] | None = None) -> str:
    """Builds and checks all models, then publishes them together.

    The silver views, the audit tables and gold's tables must exist (`warehouse.create_all`).
    """
    known = models or gold_models()
    ref = resolver(environment, known)
    return render_file(
        "publication/gold.sql",
        ref,
        builds=[build_statement(model, ref) for model in known.values()],
        checked=[(name, _promises(model, ref)) for name, model in known.items()],
        published=[
            (name, list(model.header.keys), _other_columns(model))
            for name, model in known.items()
            if model.header.published
        ],
        **lease.COMPLAINT,
    )


def build_statement(model: Model, ref: Callable[[str], str]) -> str:
    """Builds one model as a temporary table, its columns by name and with the declared types."""
    return render_file(
        "publication/build.sql",
        ref,
        name=model.name,
        typed_columns=[(name, c.sql_type) for name, c in model.header.columns.items()],
        select=select(model, ref),
    )


def _promises(model: Model, ref: Callable[[str], str]) -> list[Rule]:
    dollars = [name for name, c in model.header.columns.items() if c.type == "NUMERIC"]
    return [rule for check in model.checks for rule in check.rules(ref, dollars)]


def _other_columns(model: Model) -> list[str]:
    return [name for name in model.header.columns if name not in model.header.keys]
