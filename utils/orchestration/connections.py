"""Addresses of the sources' databases, from Airflow's connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from utils.errors import SourceError
from utils.landing.mysql_address import parse_address
from utils.settings import settings

if TYPE_CHECKING:
    from utils.contracts.source_file import Source


def source_uri(source: Source) -> str | None:
    """The address of a source's database; None of a source of files.

    Raises:
        SourceError: there is no connection of the name that the source's file gives, or it is not
            encrypted although the environment wants it.
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
    if settings().requires_tls and not parse_address(uri).is_verified:
        raise SourceError(
            f"The Airflow connection `{source.connection}` is not encrypted, or trusts anybody",
            where=f"source {source.name}",
            remedy="Give it the extras `ssl_mode`: VERIFY_CA or VERIFY_IDENTITY, and `ssl_ca`: the "
            "file of the authority that signed the server's certificate",
        )
    return uri
