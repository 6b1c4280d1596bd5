"""Addresses of the sources' databases, from Airflow's connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from utils.errors import SourceError

if TYPE_CHECKING:
    from utils.contracts.sources import Source


def source_uri(source: Source) -> str | None:
    """The address of a source's database; None of a source of files.

    Raises:
        SourceError: there is no connection of the name that the source's file gives.
    """
    if source.kind == "files":
        return None
    try:
        uri: str = Connection.get(source.connection).get_uri()
    except AirflowNotFoundException:
        raise SourceError(
            f"There is no Airflow connection `{source.connection}`",
            where=f"source {source.name}",
            remedy=f"Create it, or set AIRFLOW_CONN_{source.connection.upper()}, "
            "or correct `connection` in the source's file",
        ) from None
    return uri
