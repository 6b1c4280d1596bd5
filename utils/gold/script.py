"""The script that builds, checks and publishes gold as one query job.

Models are built as temporary tables in the order of their references. Every promise is counted
hospital by hospital and recorded in `audit.dq_results`. A hospital that breaks one of severity
`fail` is held back: its published rows stay as they are, and `audit.gold_standings` says why. A
broken promise that is no hospital's ends the script with an error before anything is published.
One transaction then brings gold to the built state and touches only the rows that differ: readers
see all of it or nothing, and a repeated run changes nothing. docs/held-back.md has the whole of it.

The script takes the query parameters @business_date DATE, @dag_id, @run_id and @unbuilt STRING.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from utils.audit import lease
from utils.gcp.templates import render_file
from utils.gold.checks import Rule
from utils.gold.models import gold_models, layer, resolver, select

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from utils.gold.models import Model
    from utils.settings import Settings


STANDINGS = "gold_standings"
"""Who is held back. Models that read it are built when the others are judged."""


def refresh_script(
    environment: Settings,
    models: Mapping[str, Model] | None = None,
    unbuilt: Collection[str] = (),
) -> str:
    """Builds and checks all models, then publishes them together.

    The silver views, the audit tables and gold's tables must exist (`warehouse.create_all`).

    Args:
        environment: where the tables are.
        models: the models of `sql/gold/` unless told.
        unbuilt: source systems whose silver is not read, because no model can be computed from
            it. They are held back for the reasons in @unbuilt, a JSON array of objects with
            `source_system` and `reason`.
    """
    known = models or gold_models()
    ref = _script_tables(environment, known, unbuilt)
    late = [model for model in known.values() if is_late(model, known)]
    early = [model for model in known.values() if model not in late]
    return render_file(
        "publication/gold.sql",
        ref,
        early=_stage(early, ref),
        late=_stage(late, ref),
        published=[
            {
                "name": model.name,
                "key_columns": list(model.header.keys),
                "other_columns": [n for n in model.header.columns if n not in model.header.keys],
                "is_of_hospital": model.is_of_hospital,
                "is_held": reads_silver(model, known),
            }
            for model in known.values()
            if model.header.published
        ],
        **lease.COMPLAINT,
    )


def build_script(
    environment: Settings,
    hospitals: Collection[str],
    hospital: str,
    models: Mapping[str, Model],
) -> str:
    """Builds every model from what one hospital has, and publishes nothing.

    Args:
        environment: where the tables are.
        hospitals: all hospitals; what belongs to none of them, as code sets do, is read too.
        hospital: the one whose silver is read.
        models: what is built, except what tells who is held back.
    """
    others = [name for name in hospitals if name != hospital]
    ref = _script_tables(environment, models, others)
    early = [model for model in models.values() if not is_late(model, models)]
    return "\n".join(build_statement(model, ref) for model in early)


def is_late(model: Model, models: Mapping[str, Model]) -> bool:
    """Whether a model reads, itself or through others, who is held back."""
    return STANDINGS in model.references or any(
        is_late(models[name], models) for name in model.references if name in models
    )


def reads_silver(model: Model, models: Mapping[str, Model]) -> bool:
    """Whether a model is made of what hospitals sent; else it tells of the pipeline itself."""
    return any(
        reads_silver(models[name], models)
        if name in models
        else layer(name, models, model.name) == "silver"
        for name in model.references
    )


def _script_tables(
    environment: Settings, models: Mapping[str, Model], unread: Collection[str]
) -> Callable[[str], str]:
    """The `ref` function of the script, which reads nothing of some source systems' silver."""
    named = resolver(environment, models)
    left_out = ", ".join(f"'{name}'" for name in sorted(unread))

    def ref(name: str) -> str:
        if name == STANDINGS:
            return name
        table = named(name)
        is_silver = layer(name.removeprefix("published_"), models, name) == "silver"
        if not (left_out and is_silver):
            return table
        return f"(SELECT * FROM {table} WHERE source_system NOT IN ({left_out}))"  # noqa: S608 (names of configuration)

    return ref


def _stage(models: Collection[Model], ref: Callable[[str], str]) -> dict[str, Any]:
    """Models as the script builds them, and what it counts of each."""
    return {
        "builds": [build_statement(model, ref) for model in models],
        "checked": [counted for model in models for counted in _counted(model, ref)],
    }


def _counted(model: Model, ref: Callable[[str], str]) -> Iterator[tuple[str, list[Rule], bool]]:
    """A model's promises, and whether they are counted hospital by hospital.

    They are where the model has a column for it; that keys tell the rows of all hospitals apart is
    then counted once more over all of them.
    """
    dollars = [name for name, c in model.header.columns.items() if c.type == "NUMERIC"]
    by_hospital = model.is_of_hospital
    rules = [
        rule
        for check in model.checks
        for rule in check.rules(ref, dollars, by_hospital=by_hospital)
    ]
    yield model.name, rules, by_hospital
    if by_hospital and (of_all := _one_hospital(model.header.keys)):
        yield model.name, of_all, False


def _one_hospital(keys: Collection[str]) -> list[Rule]:
    """That no two hospitals have rows of one key, unless the key names the hospital."""
    if "source_system" in keys:
        return []
    key, listed = f"TO_JSON_STRING(STRUCT({', '.join(keys)}))", ", ".join(keys)
    with_hospital = f"TO_JSON_STRING(STRUCT(source_system, {listed}))"
    failed = f"COUNT(DISTINCT {with_hospital}) - COUNT(DISTINCT {key})"
    return [Rule(f"of_one_hospital({listed})", "fail", failed)]


def build_statement(model: Model, ref: Callable[[str], str]) -> str:
    """Builds one model as a temporary table, its columns by name and with the declared types."""
    return render_file(
        "publication/build.sql",
        ref,
        name=model.name,
        typed_columns=[(name, c.sql_type) for name, c in model.header.columns.items()],
        select=select(model, ref),
    )
