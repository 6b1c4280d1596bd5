"""Runs the commands of an installation, with their output in its log."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from local.paths import VENVS

LOG = VENVS / "setup.log"
SHOWN_LOG_LINES = 15
SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


class SetupError(Exception):
    """What is wrong and what to do."""


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    """Runs a command with its output in the log. Python may write bytecode even if told not to.

    Raises:
        SetupError: It failed; the message has the end of its output.
    """
    result = subprocess.run(
        command,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "", **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    with LOG.open("a") as log:
        log.write(f"$ {shlex.join(command)}\n{result.stdout}")
    if result.returncode != 0:
        lines = "\n".join(f"  {line}" for line in result.stdout.splitlines()[-SHOWN_LOG_LINES:])
        raise SetupError(f"this failed: {shlex.join(command)}\n{lines}\nall output is in {LOG}")


def output(command: Sequence[str], check: bool = True) -> str:
    """Returns what a command prints, without the space around it."""
    result = subprocess.run(command, capture_output=True, text=True, check=check)
    return result.stdout.strip()


def runs(python: str, code: str) -> bool:
    """Tells whether a Python exists, starts and runs the code without an error."""
    try:
        result = subprocess.run([python, "-c", code], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0


def has(program: str) -> bool:
    """Tells whether a program is installed, in the user's path or among the system's programs."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS])
    return shutil.which(program, path=path) is not None


@contextmanager
def step(title: str) -> Iterator[None]:
    """Prints how many seconds the block took, once it is done."""
    begin = time.monotonic()
    yield
    print(f"  {time.monotonic() - begin:5.1f} s  {title}", flush=True)
