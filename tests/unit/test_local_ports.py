from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.errors import LocalError
from local.stack import ports


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind((ports.HOST, 0))
        server.listen()
        yield int(server.getsockname()[1])


def test_every_service_gets_a_port_of_its_own(tmp_path: Path) -> None:
    assigned = ports.assign(["storage", "bigquery", "spark"], tmp_path / "ports", in_use=[])

    assert len(set(assigned.values())) == 3


def test_a_restart_uses_the_same_ports(tmp_path: Path) -> None:
    file = tmp_path / "ports"

    assert ports.assign(["storage"], file, in_use=[]) == ports.assign(["storage"], file, in_use=[])


def test_a_port_that_another_program_took_is_replaced(tmp_path: Path, busy_port: int) -> None:
    file = tmp_path / "ports"
    file.write_text(json.dumps({"storage": busy_port}))

    assert ports.assign(["storage"], file, in_use=[])["storage"] != busy_port
    assert ports.read(file)["storage"] != busy_port


def test_a_running_service_keeps_its_port(tmp_path: Path, busy_port: int) -> None:
    file = tmp_path / "ports"
    file.write_text(json.dumps({"storage": busy_port}))

    assert ports.assign(["storage"], file, in_use=["storage"]) == {"storage": busy_port}


def test_a_fixed_port_that_is_busy_is_refused(
    tmp_path: Path, busy_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RCM_PORT_STORAGE", str(busy_port))

    with pytest.raises(LocalError, match=f"port {busy_port} is in use .* RCM_PORT_STORAGE"):
        ports.assign(["storage"], tmp_path / "ports", in_use=[])


@pytest.mark.parametrize("value", ["", "http", "0", "70000", "-1"])
def test_a_fixed_port_that_is_none_is_refused(
    tmp_path: Path, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RCM_PORT_STORAGE", value)

    with pytest.raises(LocalError, match="is not a port"):
        ports.assign(["storage"], tmp_path / "ports", in_use=[])
