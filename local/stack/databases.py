"""The hospitals' databases of the local stack: one for every source that has a connection."""

from __future__ import annotations

import getpass
import os
import re
from pathlib import Path

from local.errors import LocalError
from local.stack.ports import HOST

USER = "rcm"


def databases() -> dict[str, str]:
    """Database by the connection of the source that reads it, as `configs/sources/` has them.

    Raises:
        LocalError: a file there is wrong.
    """
    from utils.contracts.sources import sources
    from utils.errors import ConfigError

    try:
        declared = sources().values()
    except ConfigError as error:
        raise LocalError(str(error)) from error
    return {source.connection: source.name for source in declared if source.kind == "mysql"}


def grants(password: str) -> list[str]:
    """Statements that create the databases and the pipeline's user, also when they are there."""
    names = sorted(set(databases().values()))
    return [
        *(f"CREATE DATABASE IF NOT EXISTS {name} CHARACTER SET utf8mb4;" for name in names),
        f"CREATE USER IF NOT EXISTS '{USER}'@'%';",
        f"ALTER USER '{USER}'@'%' IDENTIFIED BY '{password}';",
        *(f"GRANT ALL ON {name}.* TO '{USER}'@'%';" for name in names),
    ]


def create(socket: Path, password: str) -> None:
    """Runs `grants` on the running server: a source may have been added since it was started.

    Raises:
        LocalError: the server does not let its owner in.
    """
    import MySQLdb

    try:
        connection = MySQLdb.connect(unix_socket=str(socket), user=getpass.getuser())
        with connection.cursor() as cursor:
            for statement in grants(password):
                cursor.execute(statement)
        connection.close()
    except MySQLdb.Error as error:
        raise LocalError(
            f"the database server could not be given the sources' databases ({error}): run "
            "`make down`, then `make up`"
        ) from error


def variable(connection: str) -> str:
    """The environment variable from which Airflow reads a connection."""
    return f"AIRFLOW_CONN_{connection.upper()}"


def connections(port: int, password: str) -> dict[str, str]:
    """Airflow's connections to the databases; one that the user exported himself is left out."""
    variables = {
        variable(connection): f"mysql://{USER}:{password}@{HOST}:{port}/{database}"
        for connection, database in databases().items()
    }
    return {name: uri for name, uri in variables.items() if not _is_the_users(name)}


def _is_the_users(variable: str) -> bool:
    """Whether a variable is exported that names something else than a local stack's database."""
    uri = os.environ.get(variable)
    return uri is not None and not re.match(rf"mysql://{USER}:[^@]*@{re.escape(HOST)}:", uri)
