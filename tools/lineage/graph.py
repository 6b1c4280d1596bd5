"""The lineage of every column of silver and gold.

An entity's columns come from the column maps of the sources, derived ones from their expression,
and keys are hashes of what identifies a row. The views of silver and the models of gold are
followed through their SQL.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from tools.lineage.queries import of_expression, of_query
from tools.lineage.shapes import Column, Way, capped, united
from utils.audit.tables import audit_columns, audit_declarations
from utils.contracts.entities import entities
from utils.contracts.sources import sources
from utils.errors import ConfigError
from utils.gold.models import gold_models, layer, select
from utils.silver.tables import silver_view

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tools.lineage.shapes import Sources
    from utils.contracts.entities import Entity, SilverTable
    from utils.gold.models import Model


class Lineage:
    """What every column is made from. Columns are added after those that they are made from.

    Attributes:
        edges: by column what it is made from directly.
        origins: by column the source columns that it finally comes from.
        identifying: by column the PHI columns of silver that it still tells something of: it is
            neither their count nor a hash of an identity nor declared to identify nobody.
    """

    def __init__(self) -> None:
        self.edges: dict[Column, Sources] = {}
        self.origins: dict[Column, Sources] = {}
        self.identifying: dict[Column, frozenset[Column]] = {}
        self._tables: dict[tuple[str, str], list[str]] = {}

    def add(self, column: Column, made_from: Sources, *, phi: bool = False) -> None:
        """Adds a column."""
        self.edges[column] = made_from
        self.origins[column] = united(
            capped(self.origins.get(source) or {source: Way.VALUE}, way)
            for source, way in made_from.items()
        )
        self.identifying[column] = (
            frozenset({column})
            if phi
            else frozenset().union(*(self.identifying_in(*each) for each in made_from.items()))
        )
        self._tables.setdefault((column.schema, column.table), []).append(column.name)

    def columns(self, schema: str, table: str) -> list[str]:
        """Names of a table's columns; of an unknown table none."""
        return self._tables.get((schema, table), [])

    def identifying_in(self, column: Column, way: Way) -> frozenset[Column]:
        """The PHI columns that a column still tells of when it is used in this way."""
        told = self.identifying.get(column, frozenset())
        return told if way >= Way.CONDITION else frozenset()

    def leaks(self) -> Iterator[list[Column]]:
        """A path from every column of gold to every PHI column that it tells of."""
        for column, told in self.identifying.items():
            if column.schema == "gold":
                yield from (self._path(column, phi) for phi in sorted(told))

    def _path(self, column: Column, phi: Column) -> list[Column]:
        if column == phi:
            return [column]
        made_from = sorted(self.edges[column].items())
        nearer = next(
            source for source, way in made_from if phi in self.identifying_in(source, way)
        )
        return [column, *self._path(nearer, phi)]


def lineage(models: Mapping[str, Model]) -> Lineage:
    """The lineage of silver, audit and these models of gold.

    Raises:
        ConfigError: a query or an expression cannot be followed, or a model declares to
            de-identify what it is not made from.
    """
    graph = Lineage()
    for entity in entities().values():
        for table in entity.silver_tables():
            _add_silver_table(entity, table, graph)
        for template in ("current", "periods"):
            _add_view(entity, template, graph)
    for named in audit_declarations():
        for name in audit_columns(named):
            graph.add(Column("audit", named, name), {})
    for model in models.values():
        _add_model(model, models, graph)
    return graph


@cache
def gold_lineage() -> Lineage:
    """The lineage of silver and gold as they are declared."""
    return lineage(gold_models())


def _add_silver_table(entity: Entity, table: SilverTable, graph: Lineage) -> None:
    declared = {column.name: column for column in table.columns}
    made_from = {
        name: made for name, made in _made_from(entity, table.name).items() if name in declared
    }
    for name in [*made_from, *(name for name in declared if name not in made_from)]:
        column = Column("silver", table.name, name)
        graph.add(column, made_from.get(name, {}), phi=declared[name].phi)


def _made_from(entity: Entity, silver_table: str) -> dict[str, Sources]:
    """What the columns that come from a source are made from, after what they are made from."""
    tables = [
        (source.name, name, table)
        for source in sources().values()
        for name, table in source.tables.items()
        if table.entity == entity.name
    ]
    contract: dict[str, Sources] = {
        column: {
            Column(source, name, table.columns[column]): Way.VALUE
            for source, name, table in tables
            if column in table.columns
        }
        for column in entity.columns
    }
    changed_at: Sources = {
        Column(source, name, table.watermark): Way.VALUE
        for source, name, table in tables
        if table.watermark
    }
    here: dict[str, Sources] = {
        name: {Column("silver", silver_table, name): Way.VALUE} for name in contract
    }
    known = {**here, "_event_at": changed_at, "_observed_at": {}, "source_system": {}}
    derived = {
        name: of_expression(column.expr, known, f"{entity.name}.yaml: derived.{name}")
        for name, column in entity.derived.items()
    }
    identity = capped(united(here[name] for name in entity.key), Way.HASHED)
    parent = {
        belongs.key_column: capped(united(here[name] for name in belongs.by), Way.HASHED)
        for belongs in [entity.belongs_to]
        if belongs
    }
    return {
        **contract,
        **derived,
        entity.key_column: identity,
        **parent,
        entity.version_key_column: united([identity, capped(changed_at, Way.HASHED)]),
        "_row_hash": united(here[name] for name, c in entity.columns.items() if c.tracked),
        "event_at": changed_at,
        "effective_date": changed_at,
        "expiry_date": changed_at,
    }


def _add_view(entity: Entity, template: str, graph: Lineage) -> None:
    query = silver_view(entity, template, lambda name: f"silver.{name}")
    made_from = of_query(query, graph.columns, f"silver/{template}.sql")
    for name, made in made_from.items():
        graph.add(Column("silver", f"{entity.name}_{template}", name), made)


def _add_model(model: Model, models: Mapping[str, Model], graph: Lineage) -> None:
    where = f"{model.name}.sql"
    query = select(model, lambda name: f"{layer(name, models, where)}.{name}")
    made_from = of_query(query, graph.columns, where)
    if missing := [name for name in model.header.columns if name not in made_from]:
        raise ConfigError(
            f"The SELECT lacks columns that the header declares: {', '.join(missing)}",
            where=where,
            remedy="Select them, or take them out of the header",
        )
    for name, column in model.header.columns.items():
        declared = frozenset(Column("silver", *each.split(".")) for each in column.deidentifies)
        made = _deidentified(made_from[name], declared, graph, f"{where}: columns.{name}")
        graph.add(Column("gold", model.name, name), made)


def _deidentified(
    made_from: Sources, declared: frozenset[Column], graph: Lineage, where: str
) -> Sources:
    """Caps what tells of no other PHI than what the model declares to de-identify."""
    told = {source: graph.identifying_in(source, way) for source, way in made_from.items()}
    if idle := sorted(declared.difference(*told.values())):
        raise ConfigError(
            f"`deidentifies` names what the column does not tell of: {', '.join(map(str, idle))}",
            where=where,
            remedy="Take it out",
        )
    return {
        source: min(way, Way.DEIDENTIFIED) if told[source] and told[source] <= declared else way
        for source, way in made_from.items()
    }
