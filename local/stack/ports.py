"""Chooses a loopback port for each service once, and keeps it as long as it is free."""

from __future__ import annotations

import json
import os
import random
import socket
import time
from collections.abc import Collection, Iterable
from pathlib import Path

from local.errors import LocalError

HOST = "127.0.0.1"
# Below the range from which the kernel serves outgoing connections, so a port stays free.
PORT_RANGE = range(20_000, 30_000)
# A killed program holds its port until its last thread is gone.
RELEASE_SECONDS = 1.0


def is_free(port: int) -> bool:
    """Returns whether a server could listen on the loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def assign(names: Iterable[str], file: Path, in_use: Collection[str]) -> dict[str, int]:
    """Returns a port for every name and records the choice in `file`.

    The names `in_use` belong to running services and keep their port. The others get the port
    in `$RCM_PORT_<NAME>`, else the recorded one if it is free, else a new one.

    Raises:
        LocalError: The port in a variable is not free.
    """
    recorded = read(file)
    ports = {name: recorded[name] for name in names if name in in_use and name in recorded}
    for name in names:
        if name not in ports:
            ports[name] = _pinned(name) or _choose(recorded.get(name), set(ports.values()))
    file.write_text(json.dumps({**recorded, **ports}, indent=2) + "\n")
    return ports


def read(file: Path) -> dict[str, int]:
    """Returns the recorded ports, none if there is no record yet."""
    return dict(json.loads(file.read_text())) if file.exists() else {}


def _pinned(name: str) -> int | None:
    variable = f"RCM_PORT_{name.upper()}"
    value = os.environ.get(variable)
    if value is None:
        return None
    if not value.isdecimal() or not 0 < int(value) < 65_536:
        raise LocalError(f"{variable}={value} is not a port: set a number from 1 to 65535")
    if not is_free(int(value)):
        raise LocalError(
            f"port {value} is in use by another program: stop it, or set {variable} to a free port"
        )
    return int(value)


def _choose(recorded: int | None, taken: Collection[int]) -> int:
    if recorded is not None and recorded not in taken and _becomes_free(recorded):
        return recorded
    candidates = random.sample(PORT_RANGE, 100)
    free = next((port for port in candidates if port not in taken and is_free(port)), None)
    if free is None:
        raise LocalError(
            f"no free port on {HOST} from {PORT_RANGE.start} to {PORT_RANGE.stop - 1}: "
            "stop programs that listen there"
        )
    return free


def _becomes_free(port: int) -> bool:
    deadline = time.monotonic() + RELEASE_SECONDS
    while not (is_released := is_free(port)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return is_released
