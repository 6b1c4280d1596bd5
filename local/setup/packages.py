"""The Debian packages that the local services need."""

from __future__ import annotations

import os
import shlex
import sys
import sysconfig
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from local.setup import commands


def missing_packages(with_java: bool) -> list[str]:
    """Returns the Debian packages that have to be installed."""
    headers = Path(sysconfig.get_path("include")) / "Python.h"
    has_java = bool(os.environ.get("JAVA_HOME")) or commands.has("java")
    needs = {
        # The server without the service that `mariadb-server` would start.
        "mariadb-server-core": commands.has("mariadbd") and commands.has("mariadb-install-db"),
        "mariadb-client-core": commands.has("my_print_defaults"),
        # mysqlclient is built here.
        "libmariadb-dev": commands.has("mariadb_config"),
        "pkg-config": commands.has("pkg-config"),
        "gcc": commands.has("gcc"),
        "python3-dev": headers.exists() or not sys.executable.startswith("/usr/bin/"),
        "python3-venv": find_spec("ensurepip") is not None,
        "openjdk-17-jre-headless": has_java or not with_java,
    }
    return [package for package, is_there in needs.items() if not is_there]


def install_packages(packages: Sequence[str]) -> None:
    """Installs Debian packages as root.

    Raises:
        SetupError: The user may not install packages, or it failed.
    """
    install_command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    if os.geteuid() != 0 or not commands.has("apt-get"):
        command = f"sudo apt-get update && sudo {shlex.join(install_command)}"
        raise commands.SetupError(f"{', '.join(packages)} must be installed: run {command}")
    environment = {"DEBIAN_FRONTEND": "noninteractive"}
    with commands.step(f"system packages: {', '.join(packages)}"):
        commands.run(["apt-get", "update"], environment)
        commands.run(install_command, environment)
