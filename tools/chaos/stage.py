"""The stage on which faults happen: a stack, its proxies, and a state that can be put back."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from local.paths import StateFolder
from local.stack import lifecycle, ports, processes
from local.stack.client import client_process_environment
from local.stack.ports import HOST
from simulator import HOSPITALS
from tools.chaos.mysql_proxy import MysqlProxy
from tools.chaos.points import Names, Point
from tools.chaos.proxy import FaultProxy, ProxyThread
from utils.gcp import bigquery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tools.chaos.proxy import Injection

KEPT = ("gcs", "bigquery")
SMALL_DISKS = ("gcs", "tmp")
DISK_SIZE = "256m"
WATCH_SECONDS = 0.02
POLL_SECONDS = 0.01
BALLAST = "ballast"
_SPARK_MAIN = "spark_jobs/main.py"


@dataclass
class Stage:
    """A running stack with proxies; `variables` is the environment of the pipeline on it."""

    state: StateFolder
    variables: dict[str, str]
    has_small_disks: bool

    def snapshot(self, name: str) -> None:
        """Keeps what the lake and BigQuery hold."""
        self._replace(lambda folder, kept: _copy(folder, kept), name)

    def restore(self, name: str) -> None:
        """Puts back what `snapshot` kept."""
        self._replace(lambda folder, kept: _copy(kept, folder), name)

    def kill(self, service: str) -> None:
        """Ends a service as a power cut would, and returns when it is gone."""
        record = processes.load(self.state.record(service))
        if record is None:
            return
        with suppress(ProcessLookupError):
            os.kill(record.pid, signal.SIGKILL)
        # Started before that, it would be taken for running.
        while processes.is_running(record):
            time.sleep(POLL_SECONDS)

    def revive(self) -> None:
        """Starts what does not run."""
        lifecycle.up(self.state, report=lambda ready: None)

    def fill_disk(self, name: str) -> None:
        """Leaves no byte on a small disk."""
        ballast = self.state.path / name / BALLAST
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 16))

    def free_disks(self) -> None:
        """Takes away what `fill_disk` wrote."""
        for name in SMALL_DISKS:
            (self.state.path / name / BALLAST).unlink(missing_ok=True)

    def orphans(self) -> list[int]:
        """Spark clients of this stack that still run."""
        mark = f"RCM_STATE_DIR={self.state.path}\0".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (
                    _SPARK_MAIN.encode() in (folder / "cmdline").read_bytes()
                    and mark in (folder / "environ").read_bytes()
                ):
                    found.append(int(folder.name))
        return found

    def _replace(self, copy: Callable[[Path, Path], None], name: str) -> None:
        for service in ("storage", "bigquery"):
            self.kill(service)
        for folder in KEPT:
            copy(self.state.path / folder, self.state.path / "snapshots" / name / folder)
        self.revive()
        bigquery.client.cache_clear()


@contextmanager
def stage(state: StateFolder, meet: Callable[[Point], Injection | None]) -> Iterator[Stage]:
    """Starts a stack whose clients pass the proxies, and stops it again.

    Args:
        state: an empty folder.
        meet: called with every fail point that is met; returns the fault to inject there, or None.
    """
    with _small_disks(state) as has_small_disks, ProxyThread() as thread, ExitStack() as clients:
        try:
            direct = lifecycle.up(state, report=lambda ready: None)
            clients.enter_context(_environment(direct))
            proxied = _start_proxies(state, direct, meet, thread)
            variables = client_process_environment(
                {**direct, **proxied, "TMPDIR": str(state.path / "tmp")}
            )
            with _watch(state, meet):
                yield Stage(state, variables, has_small_disks)
        finally:
            lifecycle.down(state)


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Makes this process a client of the stack, past the proxies."""
    previous = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    bigquery.client.cache_clear()
    try:
        yield
    finally:
        bigquery.client.cache_clear()
        for name, value in previous.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _start_proxies(
    state: StateFolder,
    direct: dict[str, str],
    meet: Callable[[Point], Injection | None],
    thread: ProxyThread,
) -> dict[str, str]:
    """Starts all proxies and returns the variables that lead to them."""
    names = Names()
    kinds = {"storage": names.storage, "bigquery": names.bigquery}
    listening = ports.assign(
        [f"chaos_{name}" for name in (*kinds, *HOSPITALS)], state.ports_file, in_use=()
    )
    proxied = {}
    for service, name in kinds.items():
        proxy = FaultProxy(_address(state, service), name, meet, listening[f"chaos_{service}"])
        thread.serve(proxy)
        proxied[f"{service.upper()}_EMULATOR_HOST"] = proxy.address
    server = ports.read(state.ports_file)["mariadb"]
    for hospital in HOSPITALS:
        port = listening[f"chaos_{hospital}"]
        thread.run(MysqlProxy(lambda: server, hospital, meet, port).start())
        variable = f"AIRFLOW_CONN_{hospital.upper()}_DB"
        proxied[variable] = direct[variable].replace(f":{server}/", f":{port}/")
    return proxied


def _address(state: StateFolder, service: str) -> Callable[[], str]:
    return lambda: f"http://{HOST}:{ports.read(state.ports_file)[service]}"


@contextmanager
def _small_disks(state: StateFolder) -> Iterator[bool]:
    """Mounts small disks for the lake and for temporary files, if the user may."""
    mounted = []
    for name in SMALL_DISKS:
        folder = state.path / name
        folder.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_SIZE}", "tmpfs", str(folder)]
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:  # noqa: S607
            mounted.append(folder)
    try:
        yield len(mounted) == len(SMALL_DISKS)
    finally:
        for folder in mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)  # noqa: S607


@contextmanager
def _watch(state: StateFolder, meet: Callable[[Point], Injection | None]) -> Iterator[None]:
    """Meets a fail point whenever Spark writes a file: Spark passes no proxy."""
    ended = threading.Event()
    thread = threading.Thread(target=_watch_batches, args=(state, meet, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _watch_batches(
    state: StateFolder, meet: Callable[[Point], Injection | None], ended: threading.Event
) -> None:
    batches = state.lake_mount / "rcm-lake" / "silver" / "batches"
    known: set[str] = set()
    while not ended.wait(WATCH_SECONDS):
        with suppress(OSError):
            new = {str(path) for path in batches.glob("*/**/*.parquet")} - known
            known |= new
            for file in sorted(new):
                dataset = "/".join(Path(file).relative_to(batches).parts[1:-1])
                fault = meet(Point(f"spark: wrote {dataset}", True))
                if fault:
                    fault.strike()


def _copy(origin: Path, target: Path) -> None:
    """Makes the content of a folder that of another; the folder itself may be a mount."""
    target.mkdir(parents=True, exist_ok=True)
    for entry in target.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    if origin.exists():
        shutil.copytree(origin, target, dirs_exist_ok=True)
