from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.paths import ROOT
from utils.contracts.sources import sources

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())
CLOUD_BUILD = yaml.safe_load((ROOT / "cloudbuild.yaml").read_text())
DOCKERFILE = (ROOT / "local" / "docker" / "Dockerfile").read_text()
BUILT = [name for name, service in COMPOSE["services"].items() if "build" in service]
STEPS = {step["id"]: step for step in CLOUD_BUILD["steps"]}
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))
# Programs that the images have: those of the pinned packages, and the interpreter.
PROGRAMS = {"airflow", "gcp-storage-emulator", "python", "sail"}


@pytest.mark.parametrize(
    ("file", "schema"),
    [("docker-compose.yaml", "vendor.compose-spec"), ("cloudbuild.yaml", "vendor.cloudbuild")],
)
def test_the_file_follows_its_schema(file: str, schema: str) -> None:
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        schema,
        str(ROOT / file),
    ]

    result = subprocess.run(command, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("name", BUILT)
def test_an_image_is_built_from_what_exists(name: str) -> None:
    build = COMPOSE["services"][name]["build"]

    assert (ROOT / build["context"] / build["dockerfile"]).is_file()
    assert re.search(rf"^FROM \S+ AS {build['target']}$", DOCKERFILE, re.MULTILINE)


def test_the_dockerfile_copies_what_exists_and_is_sent() -> None:
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"}
    sources = [
        word
        for line in re.findall(r"^COPY (.*)$", DOCKERFILE, re.MULTILINE)
        for word in line.split()[:-1]
    ]

    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert Path(source).parts[0] in sent


@pytest.mark.parametrize("name", BUILT)
def test_a_container_runs_a_program_of_its_image(name: str) -> None:
    command = COMPOSE["services"][name]["command"]

    assert command[0] in PROGRAMS
    assert all((ROOT / word).is_file() for word in command if word.endswith(".py"))


def test_files_that_containers_mount_exist() -> None:
    mounts = [mount for it in COMPOSE["services"].values() for mount in it.get("volumes", [])]
    files = [mount.split(":")[0] for mount in mounts if mount.startswith("./")]
    volumes = {mount.split(":")[0] for mount in mounts} - set(files)

    assert all((ROOT / file).is_file() for file in files)
    assert volumes == set(COMPOSE["volumes"])


def test_ports_are_open_to_this_machine_only() -> None:
    ports = [port for it in COMPOSE["services"].values() for port in it.get("ports", [])]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_compose_holds_no_secret() -> None:
    secrets = [
        value
        for it in COMPOSE["services"].values()
        for name, value in it.get("environment", {}).items()
        if re.search(r"PASSWORD|SECRET|SQL_ALCHEMY_CONN|_DB$", name) and "RANDOM" not in name
    ]

    assert secrets
    assert all("${RCM_" in value or value in {"airflow"} for value in secrets)


def test_services_wait_for_what_they_need() -> None:
    for name, service in COMPOSE["services"].items():
        for needed, condition in service.get("depends_on", {}).items():
            has_check = "healthcheck" in COMPOSE["services"][needed]
            assert has_check == (condition["condition"] == "service_healthy"), (name, needed)


def test_containers_use_the_names_of_the_local_environment() -> None:
    settings = yaml.safe_load((ROOT / "configs" / "environments" / "local.yaml").read_text())
    airflow = COMPOSE["services"]["airflow-scheduler"]["environment"]
    storage_check = COMPOSE["services"]["storage"]["healthcheck"]["test"][-1]

    assert airflow["GOOGLE_CLOUD_PROJECT"] == settings["project"]
    assert settings["lake_bucket"] in storage_check
    assert settings["landing_bucket"] in storage_check


def test_containers_have_the_shipped_sources_databases() -> None:
    statements = (ROOT / "local" / "docker" / "mysql.sql").read_text()
    airflow = COMPOSE["services"]["airflow-scheduler"]["environment"]
    shipped = {item.connection: item.name for item in sources().values() if item.kind == "mysql"}

    assert set(re.findall(r"EXISTS (\w+)", statements)) == set(shipped.values())
    assert set(re.findall(r"ON (\w+)\.", statements)) == set(shipped.values())
    for connection, database in shipped.items():
        assert airflow[f"AIRFLOW_CONN_{connection.upper()}"].endswith(f"/{database}")


def test_the_tests_run_before_anything_is_deployed() -> None:
    assert list(STEPS) == ["test", "bundle", "upload-spark", "sync-dags"]
    assert (ROOT / STEPS["test"]["args"][0]).is_file()


def test_the_bundle_step_runs_without_installed_packages(tmp_path: Path) -> None:
    """The step's image has Python alone."""
    arguments = [word.replace("$COMMIT_SHA", "abc") for word in STEPS["bundle"]["args"]]
    command = [sys.executable, "-S", *arguments, "--output", str(tmp_path)]

    subprocess.run(command, cwd=ROOT, env={}, check=True, capture_output=True)

    for step in ("upload-spark", "sync-dags"):
        source = Path(STEPS[step]["args"][-2])
        assert source.parts[0] == "build"
        assert any((tmp_path / source.relative_to("build")).iterdir())


def test_spark_code_goes_where_the_dags_look_for_it() -> None:
    settings = yaml.safe_load((ROOT / "configs" / "environments" / "dev.yaml").read_text())
    target = STEPS["upload-spark"]["args"][-1]

    bucket = CLOUD_BUILD["substitutions"]["_ARTEFACT_BUCKET"]
    assert target.replace("${_ARTEFACT_BUCKET}", bucket).startswith(
        f"{settings['dataproc']['artefacts']}/$COMMIT_SHA"
    )


def test_composers_own_dag_is_not_deleted() -> None:
    arguments = STEPS["sync-dags"]["args"]
    exclude = next(word for word in arguments if word.startswith("--exclude="))
    pattern = exclude.removeprefix("--exclude=").replace("$$", "$")

    assert "--delete-unmatched-destination-objects" in arguments
    assert re.match(pattern, "airflow_monitoring.py")
    assert not re.match(pattern, "rcm_daily.py")


def test_substitutions_are_declared_and_used() -> None:
    text = (ROOT / "cloudbuild.yaml").read_text()

    assert set(re.findall(r"\$\{(_\w+)\}", text)) == set(CLOUD_BUILD["substitutions"])


@pytest.mark.parametrize("file", REQUIREMENTS, ids=lambda file: file.name)
def test_requirements_are_pinned_by_hash_and_name_no_address(file: Path) -> None:
    text = file.read_text()
    pins = re.findall(r"^\S+==\S+.*(?:\n    --hash=sha256:[0-9a-f]{64}.*)+", text, re.MULTILINE)

    assert len(pins) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE | re.IGNORECASE))
    assert not re.search(r"://|file:|--(?:extra-)?index|--find-links|\s/\w", text)
    assert file.with_suffix(".in").is_file()


def test_sets_that_share_an_environment_agree() -> None:
    main = _pins("airflow-spark")

    for other in ("dev", "containers"):
        both = main.keys() & _pins(other).keys()
        assert {name: main[name] for name in both} == {name: _pins(other)[name] for name in both}


def _pins(name: str) -> dict[str, Any]:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return dict(re.findall(r"^(\S+)==(\S+)", text, re.MULTILINE))
