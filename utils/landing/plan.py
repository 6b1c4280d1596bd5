"""Plans the loads of a source for a business date, of tables and of files alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from utils.contracts.source_file import FileSource
from utils.errors import SourceError
from utils.landing.file_plan import planned_files
from utils.landing.table_plan import planned_tables

if TYPE_CHECKING:
    from utils.audit.runs import Run
    from utils.contracts.source_file import Source
    from utils.landing.outcomes import Expected


def planned_loads(source: Source, run: Run, connection_uri: str | None) -> list[Expected]:
    """The loads of a source that are not in bronze yet: one per table, or one per file.

    Raises:
        SourceError: a database has no connection, refuses its user or does not answer.
        ObjectChanged: a file was replaced while it was read.
    """
    if isinstance(source, FileSource):
        return list(planned_files(source, run))
    if connection_uri is None:
        raise SourceError("A database source needs a connection", where=source.name)
    return list(planned_tables(source, run, connection_uri))
