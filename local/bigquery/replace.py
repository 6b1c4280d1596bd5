"""Replaces parts of an installed package, each for the one release that was read.

A replacement leans on names and steps of the package that nobody promised to keep. So nothing is
replaced in another release, or where a name is gone: the start ends, and says which.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from local.errors import LocalError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType


@dataclass(frozen=True)
class Release:
    """A package in the version whose source was read."""

    package: str
    version: str


EMULATOR = Release("local-bigquery", "0.3.2")
SQLGLOT = Release("sqlglot", "30.30.0")


@dataclass(frozen=True)
class Replacement:
    """What takes the place of a module's attribute.

    Attributes:
        target: `module.attribute`.
        by: what takes its place.
        why: what was slow or wrong.
        written_for: the release whose target was read.
    """

    target: str
    by: Any
    why: str
    written_for: Release


def install(replacements: Sequence[Replacement]) -> None:
    """Makes all replacements, or none.

    Raises:
        LocalError: another release is installed, or a target is missing.
    """
    for replacement in replacements:
        check_release(replacement.written_for)
    places = [_place(replacement) for replacement in replacements]
    for (module, attribute), replacement in zip(places, replacements, strict=True):
        setattr(module, attribute, replacement.by)


def check_release(release: Release) -> None:
    """Raises a LocalError if another release of the package is installed."""
    if (installed := version(release.package)) != release.version:
        raise LocalError(
            f"{release.package} {installed} is installed, and local/bigquery replaces parts of "
            f"{release.version}: run `make setup`, or read the targets in local/bigquery/table.py "
            "again and write the new version into local/bigquery/replace.py"
        )


def _place(replacement: Replacement) -> tuple[ModuleType, str]:
    name, _, attribute = replacement.target.rpartition(".")
    release = replacement.written_for
    try:
        module = import_module(name)
        getattr(module, attribute)
    except (ImportError, AttributeError) as error:
        raise LocalError(
            f"{release.package} {release.version} has no {replacement.target}, which "
            f"local/bigquery/table.py replaces ({error}): correct the target, or drop its line"
        ) from error
    return module, attribute
