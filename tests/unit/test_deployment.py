"""What `deploy/` says of Composer has to be what the DAGs need there."""

from __future__ import annotations

import ast
import re
import shlex
import sys
from importlib.metadata import packages_distributions, requires

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from local.paths import ROOT

FLAGS = yaml.safe_load((ROOT / "deploy" / "composer.yaml").read_text(encoding="utf-8"))
PACKAGES = [
    Requirement(line)
    for line in (ROOT / "deploy" / "composer-packages.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
GUIDE = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
# What every Composer image has; its providers are those of the packages file.
IN_THE_IMAGE = "apache-airflow"


def brought(names: set[str]) -> set[str]:
    """Distributions that come with these ones, themselves among them; extras left out."""
    known: set[str] = set()
    waiting = {canonicalize_name(name) for name in names}
    while waiting:
        name = waiting.pop()
        known.add(name)
        needed = [Requirement(text) for text in _requires(name)]
        waiting |= {
            canonicalize_name(item.name)
            for item in needed
            if not item.marker or item.marker.evaluate({"extra": ""})
        } - known
    return known


def _requires(name: str) -> list[str]:
    try:
        return requires(name) or []
    except ModuleNotFoundError:
        return []


def imported() -> set[str]:
    """Top-level modules that the DAGs and `utils` import."""
    found = set()
    for folder in ("dags", "utils"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    found |= {name.name.partition(".")[0] for name in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"utils", "google"}


def test_composer_has_every_package_that_the_dags_import() -> None:
    there = brought({IN_THE_IMAGE, *(item.name for item in PACKAGES)})
    homes = packages_distributions()

    missing = {
        module
        for module in imported()
        if not there & {canonicalize_name(name) for name in homes[module]}
    }
    assert missing == set()


def test_packages_are_those_that_the_tests_ran_with() -> None:
    pins = (ROOT / "requirements" / "airflow-spark.txt").read_text(encoding="utf-8")
    versions = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", pins, re.MULTILINE))

    for item in PACKAGES:
        assert item.specifier.contains(versions[item.name]), item


def test_image_is_not_older_than_the_oldest_airflow_that_the_dags_load_on() -> None:
    version = FLAGS["--image-version"].removeprefix("composer-3-airflow-")

    assert Version(version) >= Version("3.2")


def test_a_triggerer_waits_for_the_spark_batches() -> None:
    assert FLAGS["--triggerer-count"] >= 1


def test_guide_creates_the_environment_from_these_files_and_names_its_configuration() -> None:
    commands = [
        shlex.split(line)
        for line in GUIDE.splitlines()
        if line.startswith("gcloud composer environments")
    ]
    words = [word for command in commands for word in command]

    for option in ("--flags-file", "--update-pypi-packages-from-file"):
        assert (ROOT / words[words.index(option) + 1]).is_file()
    [variable] = [word for word in words if word.startswith("RCM_ENVIRONMENT=")]
    environment = variable.partition("=")[2]
    assert (ROOT / "configs" / "environments" / f"{environment}.yaml").is_file()
