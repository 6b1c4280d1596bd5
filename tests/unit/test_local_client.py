from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from local.errors import LocalError
from local.paths import StateFolder
from local.stack import client

PORTS = {"mariadb": 3306, "storage": 9023, "bigquery": 9050, "spark": 50051}


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    return StateFolder(tmp_path)


def test_what_is_written_is_read_back(state: StateFolder) -> None:
    variables = client.client_variables(state, PORTS, "pass word's", engine="sail")

    client.write(state, variables)

    assert client.environment(state) == variables


def test_a_shell_can_source_the_file(state: StateFolder) -> None:
    client.write(state, {"QUOTED": """{"a": "it's"}"""})

    shell = f'set -a; . "{state.env_file}"; printenv QUOTED'
    output = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=True)  # noqa: S607

    assert output.stdout == """{"a": "it's"}\n"""


def test_only_the_owner_can_read_secrets(state: StateFolder) -> None:
    client.database_password(state)
    client.write(state, {"A": "b"})

    for file in (state.env_file, state.password_file):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_password_is_made_once(state: StateFolder) -> None:
    assert client.database_password(state) == client.database_password(state)
    assert len(client.database_password(state)) >= 24


def test_spark_runs_in_its_client_with_the_jvm(state: StateFolder) -> None:
    assert "SPARK_REMOTE" in client.client_variables(state, PORTS, "secret", engine="sail")
    assert "SPARK_REMOTE" not in client.client_variables(state, PORTS, "secret", engine="jvm")


def test_a_spark_server_of_the_users_shell_is_not_inherited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SPARK_REMOTE", "sc://elsewhere:1")

    environment = client.client_process_environment({"RCM_ENVIRONMENT": "local"})

    assert "SPARK_REMOTE" not in environment
    assert environment["PATH"] == os.environ["PATH"]


def test_a_stack_that_was_never_started_says_what_to_do(state: StateFolder) -> None:
    with pytest.raises(LocalError, match="run `make up`"):
        client.environment(state)
