"""A source's address and how its connection is encrypted, for both drivers.

mysqlclient asks and ConnectorX carries; either is told the same of TLS. The extras of the Airflow
connection arrive as the query part of its address.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from utils.errors import ConfigError

VERIFIED_MODES = ("VERIFY_CA", "VERIFY_IDENTITY")
_MODES = ("DISABLED", "REQUIRED", *VERIFIED_MODES)
_JSON_OF_EXTRAS = "__extra__"
_CLIENT_CERTIFICATE = ("ssl_cert", "ssl_key")


@dataclass(frozen=True)
class Address:
    """Where a source's database is and who asks.

    Attributes:
        ssl_mode: DISABLED, REQUIRED (encrypted, whoever answers), VERIFY_CA or VERIFY_IDENTITY.
        ssl_ca: file of the authority that signed the server's certificate; None without TLS.
    """

    host: str
    port: int
    user: str
    password: str
    database: str
    ssl_mode: str
    ssl_ca: str | None

    @property
    def is_encrypted(self) -> bool:
        """Whether the drivers ask for TLS."""
        return self.ssl_mode != "DISABLED"

    @property
    def is_verified(self) -> bool:
        """Whether they also make sure who answers."""
        return self.ssl_mode in VERIFIED_MODES

    def for_asking(self) -> dict[str, Any]:
        """Arguments of mysqlclient."""
        login = {"host": self.host, "port": self.port, "user": self.user}
        tls: dict[str, Any] = {"ssl_mode": self.ssl_mode}
        if self.ssl_ca:
            tls["ssl"] = {"ca": self.ssl_ca}
        return {**login, "password": self.password, "database": self.database, **tls}

    def for_carrying(self) -> str:
        """The address for ConnectorX, kept from turning to a local socket and so another login."""
        user, password, database = (
            quote(part, safe="") for part in (self.user, self.password, self.database)
        )
        options = {"prefer_socket": "false", "tcp_keepalive_time_ms": "30000"}
        if self.is_encrypted:
            options["ssl-mode"] = self.ssl_mode
        if self.ssl_ca:
            options["ssl-ca"] = self.ssl_ca
        server = f"{self.host}:{self.port}"
        return f"mysql://{user}:{password}@{server}/{database}?{urlencode(options)}"


def parse_address(uri: str) -> Address:
    """The parts of a connection's address.

    Raises:
        ConfigError: it is no complete `mysql://` address, or its extras say no way of TLS; the
            message does not repeat it.
    """
    parts = urlsplit(uri)
    if parts.scheme != "mysql" or not parts.hostname or not parts.path.strip("/"):
        raise ConfigError(
            "The connection of a source is incomplete",
            remedy="Give it type mysql, a host, a schema (the database), a login and a password",
        )
    mode, authority = _tls(_extras(parts.query))
    return Address(
        host=parts.hostname,
        port=parts.port or 3306,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        database=unquote(parts.path.strip("/")),
        ssl_mode=mode,
        ssl_ca=authority,
    )


def _extras(query: str) -> dict[str, Any]:
    """An Airflow connection's extras: flat in the query, or JSON where they are nested."""
    extras: dict[str, Any] = dict(parse_qsl(query))
    nested = json.loads(extras.pop(_JSON_OF_EXTRAS, "{}"))
    return {**extras, **nested}


def _tls(extras: dict[str, Any]) -> tuple[str, str | None]:
    authority = str(extras["ssl_ca"]) if extras.get("ssl_ca") else None
    mode = str(extras.get("ssl_mode", "VERIFY_CA" if authority else "DISABLED")).upper()
    if mode not in _MODES:
        raise ConfigError(
            "A connection's extra `ssl_mode` is none that both drivers know",
            remedy=f"Write one of {', '.join(_MODES)}",
        )
    if mode in VERIFIED_MODES and authority is None:
        raise ConfigError(
            f"A connection's extra `ssl_mode` is {mode}, but `ssl_ca` is missing",
            remedy="Add the file of the authority that signed the server's certificate",
        )
    if any(name in extras for name in _CLIENT_CERTIFICATE):
        raise ConfigError(
            "A connection's extras name a certificate of the client, which cannot be carried",
            remedy="Let the account log in by password over TLS, and remove ssl_cert and ssl_key",
        )
    return mode, authority
