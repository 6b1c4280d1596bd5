"""Reads a batch specification and names the field that is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from utils.batch.phone_plans import DEFAULT_PHONE_REGION, PHONE_PLANS
from utils.batch.spec import (
    FOLDS,
    SEVERITIES,
    Amounts,
    Batch,
    BelongsTo,
    Column,
    Derived,
    Entity,
    Limit,
    Load,
    Rule,
    SpecError,
    Split,
)
from utils.batch.types import SPARK_TYPES


@dataclass(frozen=True)
class _Node:
    """A JSON object and where it stands, so that an error can name the field."""

    values: Mapping[str, Any]
    where: str

    def field(self, name: str, kind: type, *, optional: bool = False) -> Any:
        value = self.values.get(name)
        if value is None and optional:
            return None
        if not isinstance(value, kind):
            found = "missing" if name not in self.values else type(value).__name__
            raise SpecError(f"{self.where}.{name}: expected {kind.__name__}, found {found}")
        return value

    def text(self, name: str) -> str:
        value: str = self.field(name, str)
        if not value:
            raise SpecError(f"{self.where}.{name}: must not be empty")
        return value

    def optional_text(self, name: str) -> str | None:
        value: str | None = self.field(name, str, optional=True)
        return value

    def one_of(self, name: str, choices: tuple[str, ...]) -> str:
        value = self.text(name)
        if value not in choices:
            raise SpecError(f"{self.where}.{name}: `{value}` is none of {', '.join(choices)}")
        return value

    def flag(self, name: str) -> bool:
        value: bool = self.field(name, bool)
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(str(value) for value in self.field(name, list))

    def optional_numbers(self, name: str) -> tuple[int, ...] | None:
        values = self.field(name, list, optional=True)
        if values is None:
            return None
        for value, where in _located(values, self.where, name):
            if type(value) is not int:
                raise SpecError(f"{where}: expected int, found {type(value).__name__}")
        return tuple(values)

    def nodes(self, name: str) -> list[_Node]:
        items = self.field(name, list)
        return [_Node(_object(item, at), at) for item, at in _located(items, self.where, name)]

    def named_nodes(self, name: str) -> dict[str, _Node]:
        items = self.field(name, dict, optional=True) or {}
        where = f"{self.where}.{name}"
        return {
            key: _Node(_object(item, f"{where}.{key}"), f"{where}.{key}")
            for key, item in items.items()
        }

    def instant(self, name: str) -> datetime:
        text = self.text(name)
        try:
            instant = datetime.fromisoformat(text)
        except ValueError as error:
            raise SpecError(f"{self.where}.{name}: `{text}` is not an ISO 8601 instant") from error
        if instant.tzinfo is None:
            raise SpecError(f"{self.where}.{name}: `{text}` has no offset; write …Z for UTC")
        return instant


def _located(items: list[Any], where: str, name: str) -> list[tuple[Any, str]]:
    return [(item, f"{where}.{name}[{position}]") for position, item in enumerate(items)]


def _object(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise SpecError(f"{where}: expected an object, found {type(value).__name__}")
    return value


def parse_batch(text: str) -> Batch:
    """Reads a specification.

    Raises:
        SpecError: the text is no JSON, or a field is missing, of a wrong type or contradictory.
    """
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise SpecError(f"the specification is not JSON: {error}") from error
    node = _Node(_object(document, "spec"), "spec")
    return Batch(
        batch_id=node.text("batch_id"),
        business_date=_day(node, "business_date"),
        entities=tuple(_entity(item) for item in node.nodes("entities")),
    )


def _day(node: _Node, name: str) -> date:
    text = node.text(name)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SpecError(f"{node.where}.{name}: `{text}` is not a day; write YYYY-MM-DD") from error


def _entity(node: _Node) -> Entity:
    amounts = node.field("amounts", dict, optional=True)
    parent = node.field("belongs_to", dict, optional=True)
    entity = Entity(
        name=node.text("name"),
        singular=node.text("singular"),
        key=node.texts("key"),
        keeps_revisions=node.flag("keeps_revisions"),
        amounts=_amounts(_Node(amounts or {}, f"{node.where}.amounts")),
        columns=tuple(_column(item) for item in node.nodes("columns")),
        derived=tuple(_derived(item) for item in node.nodes("derived")),
        rules=tuple(_rule(item) for item in node.nodes("rules")),
        history=node.texts("history"),
        deletes=node.texts("deletes"),
        loads=tuple(_load(item) for item in node.nodes("loads")),
        belongs_to=parent and _belongs_to(_Node(parent, f"{node.where}.belongs_to")),
    )
    _check_references(entity, node.where)
    return entity


def _check_references(entity: Entity, where: str) -> None:
    names = {column.name for column in entity.columns}
    amounts = [name for name in (entity.amounts.billed, entity.amounts.paid) if name]
    mapped = [name for load in entity.loads for name in (*load.columns, *load.constants)]
    parent = entity.belongs_to.by if entity.belongs_to else ()
    for name in (*entity.key, *parent, *amounts, *mapped):
        if name not in names:
            raise SpecError(f"{where}: `{name}` is not a column of {entity.name}")
    if not entity.key:
        raise SpecError(f"{where}.key: {entity.name} needs at least one key column")


def _belongs_to(node: _Node) -> BelongsTo:
    return BelongsTo(key_column=node.text("key_column"), by=node.texts("by"))


def _amounts(node: _Node) -> Amounts:
    return Amounts(billed=node.optional_text("billed"), paid=node.optional_text("paid"))


def _column(node: _Node) -> Column:
    return Column(
        name=node.text("name"),
        type=node.one_of("type", tuple(SPARK_TYPES)),
        normalize=node.optional_text("normalize"),
        fold=node.one_of("fold", FOLDS) if node.optional_text("fold") else None,
        required=node.flag("required"),
        tracked=node.flag("tracked"),
        phi=node.field("phi", bool, optional=True) or False,
    )


def _derived(node: _Node) -> Derived:
    return Derived(
        name=node.text("name"),
        type=node.one_of("type", tuple(SPARK_TYPES)),
        expr=node.text("expr"),
    )


def _phone_region(node: _Node) -> str:
    region = node.optional_text("phone_region") or DEFAULT_PHONE_REGION
    if region not in PHONE_PLANS:
        raise SpecError(
            f"{node.where}.phone_region: `{region}` is none of {', '.join(PHONE_PLANS)}"
        )
    return region


def _rule(node: _Node) -> Rule:
    return Rule(
        name=node.text("name"),
        severity=node.one_of("severity", SEVERITIES),
        expect=node.text("expect"),
        reason=node.text("reason"),
    )


def _load(node: _Node) -> Load:
    zone = node.text("time_zone")
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError) as error:
        raise SpecError(f"{node.where}.time_zone: `{zone}` is no IANA time zone") from error
    limit = node.field("limit", dict, optional=True)
    return Load(
        load_id=node.text("load_id"),
        source_system=node.text("source_system"),
        time_zone=zone,
        path=node.text("path"),
        columns=node.field("columns", dict),
        watermark=node.optional_text("watermark"),
        observed_at=node.instant("observed_at"),
        rows=node.optional_numbers("rows"),
        limit=_limit(_Node(limit, f"{node.where}.limit")) if limit else None,
        splits={
            name: Split(separator=split.text("separator"), part=split.field("part", int))
            for name, split in node.named_nodes("splits").items()
        },
        values={name: spelling.values for name, spelling in node.named_nodes("values").items()},
        constants=node.field("constants", dict, optional=True) or {},
        phone_region=_phone_region(node),
        deleted_when={
            column: tuple(values)
            for column, values in (node.field("deleted_when", dict, optional=True) or {}).items()
        },
    )


def _limit(node: _Node) -> Limit:
    landed = node.field("landed", dict, optional=True) or {}
    return Limit(share=node.field("share", float), rows=node.field("rows", int), landed=landed)
