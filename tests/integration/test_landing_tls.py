"""A hospital's server that takes encrypted connections only, signed by an authority of its own."""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest

from tests.landing_support import LAKE, bronze
from utils.errors import SourceError
from utils.gcp import storage
from utils.landing.drift import WantedColumn
from utils.landing.mysql import TableRequest, land_table
from utils.landing.mysql_query import Window
from utils.landing.mysql_server import source_clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Stack

NOON = datetime(2024, 6, 1, 16, tzinfo=UTC)
SECRET = "canary-secret"


@dataclass(frozen=True)
class Server:
    """A server that requires TLS, and the files of its authority and of another one."""

    port: int
    authority: Path
    other_authority: Path

    def uri(self, **extras: str) -> str:
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in extras.items())
        return f"mysql://rcm:{SECRET}@127.0.0.1:{self.port}/books?{query}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("tls")
    _certificates(folder)
    install = shutil.which("mariadb-install-db") or "/usr/bin/mariadb-install-db"
    options = ("--no-defaults", f"--user={getpass.getuser()}", f"--datadir={folder / 'data'}")
    subprocess.run(
        [install, *options, "--skip-test-db", "--force"], check=True, capture_output=True
    )  # noqa: S603
    (folder / "init.sql").write_text(
        "CREATE DATABASE books;\n"
        f"CREATE USER 'rcm'@'%' IDENTIFIED BY '{SECRET}';\n"
        "GRANT ALL ON books.* TO 'rcm'@'%';\n"
        "CREATE TABLE books.patients (ID INT PRIMARY KEY);\n"
        "INSERT INTO books.patients VALUES (7);\n"
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [
        shutil.which("mariadbd") or "/usr/sbin/mariadbd",
        *options,
        f"--socket={folder / 's.sock'}",
        f"--port={port}",
        *("--bind-address=127.0.0.1", "--skip-name-resolve", "--skip-log-bin"),
        "--require-secure-transport=ON",
        f"--ssl-cert={folder / 'server.pem'}",
        f"--ssl-key={folder / 'server.key'}",
        f"--init-file={folder / 'init.sql'}",
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603
    found = Server(port, folder / "authority.pem", folder / "other.pem")
    try:
        _wait(found)
        yield found
    finally:
        process.terminate()
        process.wait(timeout=30)


def _certificates(folder: Path) -> None:
    """An authority, a server's certificate that it signed, and an authority that did not."""

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)  # noqa: S603, S607

    new = ("req", "-newkey", "rsa:2048", "-nodes")
    for name in ("authority", "other"):
        subject = ("-x509", "-days", "2", "-subj", f"/CN={name}")
        openssl(*new, *subject, "-keyout", f"{name}.key", "-out", f"{name}.pem")
    openssl(*new, "-subj", "/CN=127.0.0.1", "-keyout", "server.key", "-out", "server.csr")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    signed = ("-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial", "-days", "2")
    files = ("-in", "server.csr", "-out", "server.pem", "-extfile", "names")
    openssl("x509", "-req", *files, *signed)


def _wait(server: Server) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            source_clock(server.uri(ssl_mode="REQUIRED"), "h")
        except SourceError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


@pytest.mark.parametrize("mode", ["REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"])
def test_both_drivers_read_over_tls(server: Server, stack_environment: Stack, mode: str) -> None:
    storage.client.cache_clear()
    extras = {"ssl_mode": mode} if mode == "REQUIRED" else {"ssl_ca": str(server.authority)}
    request = TableRequest(
        uri=server.uri(**{"ssl_mode": mode, **extras}),
        source="hospital_a",
        table="patients",
        columns=(WantedColumn("ID"),),
        window=Window(None, NOON, NOON),
        zone=ZoneInfo("America/New_York"),
        load_id="tls",
        target_uri=f"gs://{LAKE}/bronze/tls/{mode}.parquet",
    )

    assert bronze(land_table(request).uri)["ID"].to_pylist() == ["7"]


def test_a_connection_without_tls_is_told_which_extras_to_set(server: Server) -> None:
    with pytest.raises(SourceError, match=r"encrypted connections only.*ssl_mode.*ssl_ca") as seen:
        source_clock(server.uri(), "hospital_a")
    assert SECRET not in str(seen.value)


def test_a_server_of_another_authority_is_not_believed(server: Server) -> None:
    with pytest.raises(SourceError, match=r"TLS with the source failed.*VERIFY_CA.*ssl_ca"):
        source_clock(server.uri(ssl_ca=str(server.other_authority)), "hospital_a")
