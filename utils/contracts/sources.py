"""Who delivers what: one file per source in `configs/sources/`. A new hospital is one file.

A hospital's file may declare its database and the files that are delivered for it: these are two
sources, so that neither waits for the other.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, TypeAdapter

from utils.contracts.file_patterns import SYSTEM, literal_prefix, name_regex
from utils.contracts.source_checks import overlaps, problems
from utils.contracts.source_file import DatabaseSource, FileSource, FileTable, Source
from utils.errors import ConfigError
from utils.paths import CONFIGS
from utils.schema import load_model

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

DELIVERIES = "_deliveries"
_ANY_SOURCE: TypeAdapter[Source] = TypeAdapter(Annotated[Source, Field(discriminator="kind")])


@cache
def sources() -> dict[str, Source]:
    """All sources by name.

    Raises:
        ConfigError: files are wrong; the message names every file, field and what to write.
    """
    found, errors = _read(CONFIGS / "sources")
    if len(errors) > 1:
        raise ConfigError(f"{len(errors)} errors in configs/sources: {' '.join(map(str, errors))}")
    if errors:
        raise errors[0]
    return found


def hospital_sources() -> dict[str, DatabaseSource]:
    """The hospitals' billing databases by name, which is the `source_system` of their rows."""
    return {
        name: source for name, source in sources().items() if isinstance(source, DatabaseSource)
    }


def source_errors(folder: Path = CONFIGS / "sources") -> list[ConfigError]:
    """Everything that is wrong with the files of a folder, by file."""
    return _read(folder)[1]


def file_owner(object_name: str) -> tuple[str, str] | None:
    """The source and table that a delivered file belongs to.

    That is the one whose pattern it fits; a file that fits none is the nearest pattern's to
    refuse, so that one source answers for every file.
    """
    near = [
        (any(name_regex(pattern).fullmatch(object_name) for pattern in table.patterns), prefix, key)
        for key, table in _file_tables(sources()).items()
        if object_name.startswith(prefix := literal_prefix(table.files))
    ]
    return max(near, key=lambda item: (item[0], len(item[1])))[2] if near else None


def _read(folder: Path) -> tuple[dict[str, Source], list[ConfigError]]:
    found: dict[str, Source] = {}
    errors: list[ConfigError] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            declared = load_model(path, _ANY_SOURCE)
            errors += problems(declared, path)
        except ConfigError as error:
            errors.append(error)
            continue
        parts = _parts(declared) if declared.name == path.stem else ()
        for source in parts:
            if source.name in found:
                errors.append(_name_taken(source.name, path))
            found[source.name] = source
    return found, [*errors, *overlaps(_file_tables(found))]


def _parts(declared: Source) -> Iterator[Source]:
    """The sources of one file: what it declares, and the files of a hospital with a database."""
    yield declared
    if isinstance(declared, DatabaseSource) and declared.deliveries:
        yield FileSource(
            name=f"{declared.name}{DELIVERIES}",
            description=f"Files delivered for {declared.name}.",
            kind="files",
            time_zone=declared.time_zone,
            phone_region=declared.phone_region,
            tables={
                name: FileTable(
                    **item.model_dump(by_alias=True, exclude={"files"}),
                    files=item.files.replace(SYSTEM, declared.name),
                    source_systems=(declared.name,),
                )
                for name, item in declared.deliveries.items()
            },
        )


def _name_taken(name: str, path: Path) -> ConfigError:
    return ConfigError(
        f"the name {name} is that of the deliveries of a hospital's file too",
        where=path.name,
        remedy="Rename one of the two files",
    )


def _file_tables(found: Mapping[str, Source]) -> dict[tuple[str, str], FileTable]:
    return {
        (source.name, name): table
        for source in found.values()
        if isinstance(source, FileSource)
        for name, table in source.tables.items()
    }
