"""What can be wrong with the files of `configs/sources/` although each fits its model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from utils.contracts.column_maps import bronze_name, fits
from utils.contracts.entities import Entity, entities
from utils.contracts.file_patterns import can_meet
from utils.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from utils.contracts.source_file import FileTable, Mapped, Source


def problems(source: Source, path: Path) -> Iterator[ConfigError]:
    """What of a source's file does not fit the common data model."""
    if source.name != path.stem:
        yield ConfigError(
            f"field `name` says {source.name}", where=path.name, remedy=f"Write {path.stem}"
        )
    for where, table in source.families:
        entity = entities().get(table.entity)
        if entity is None:
            yield ConfigError(
                f"field `entity` names `{table.entity}`",
                where=f"{path.name}: {where}",
                remedy=f"Write one of {', '.join(entities())}",
            )
        else:
            yield from _column_problems(table, entity, f"{path.name}: {where}")


def _column_problems(table: Mapped, entity: Entity, where: str) -> Iterator[ConfigError]:
    for name in table.mapped.keys() - entity.columns.keys():
        yield ConfigError(
            f"field `columns.{name}` is no column of {entity.name}",
            where=where,
            remedy=f"Use the names of configs/entities/{entity.name}.yaml",
        )
    for name, column in entity.columns.items():
        if column.required and name not in table.mapped:
            yield ConfigError(
                f"required column `{name}` of {entity.name} is not mapped",
                where=where,
                remedy=f"Add `{name}: <source column>` to `columns`",
            )
    yield from _inexact_columns(table, entity, where)
    yield from _names_of_bronze(table, where)


def _names_of_bronze(table: Mapped, where: str) -> Iterator[ConfigError]:
    """Columns of the source that bronze would call by one name."""
    called: dict[str, str] = {}
    for column in (*table.columns.values(), *filter(None, [table.watermark])):
        other = called.setdefault(bronze_name(column).lower(), column)
        if other.lower() != column.lower():
            yield ConfigError(
                f"columns `{other}` and `{column}` are both {bronze_name(column)} in bronze",
                where=where,
                remedy="Rename one of them at the source, in a `select` or with the sender",
            )


def _inexact_columns(table: Mapped, entity: Entity, where: str) -> Iterator[ConfigError]:
    """Columns that must be read as they are, and constants that their type cannot hold.

    Control totals add up the amounts that the source has, and a reconcile compares its keys.
    """
    as_they_are = set(entity.amounts.named.values())
    if table.key_is_compared:
        as_they_are |= set(entity.key)
    for name, item in table.mapped.items():
        if name in as_they_are and not item.is_renamed_only:
            yield ConfigError(
                f"field `columns.{name}` is changed, but is an amount or key that is counted "
                "where it comes from",
                where=where,
                remedy=f"Write `{name}: <source column>`; compute it in a `select` if need be",
            )
        column = entity.columns.get(name)
        if item.constant is not None and column and not fits(item.constant, column.type):
            yield ConfigError(
                f"the constant of field `columns.{name}` is no {column.type}",
                where=where,
                remedy="Write dates like 2026-01-31, numbers like 12.50 and flags as true or false",
            )


def overlaps(families: Mapping[tuple[str, str], FileTable]) -> Iterator[ConfigError]:
    """Pairs of families that a file could belong to at once; audit knows a file once."""
    tables = list(families.items())
    for number, (key, table) in enumerate(tables):
        for other_key, other in tables[:number]:
            shared = [
                (one, two) for one in other.patterns for two in table.patterns if can_meet(one, two)
            ]
            if shared:
                yield ConfigError(
                    f"a file could fit both {shared[0][0]} and {shared[0][1]}",
                    where=f"{_place(other_key)}, {_place(key)}",
                    remedy="Give each family of files a folder or a beginning of its own",
                )


def _place(key: tuple[str, str]) -> str:
    hospital = key[0].removesuffix("_deliveries")
    field = "tables" if hospital == key[0] else "deliveries"
    return f"{hospital}.yaml: {field}.{key[1]}.files"
