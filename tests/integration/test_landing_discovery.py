"""Which delivered files are new, whose they are, and which are refused by their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.landing_support import HEADER, LANDING, put
from utils.gcp import storage
from utils.landing.files import discover

if TYPE_CHECKING:
    from pathlib import Path

HOSPITALS = ("hospital_a", "hospital_b")


def test_folder_gives_the_hospital(place: str, tmp_path: Path) -> None:
    put(f"{place}/hospital_a/1.csv", HEADER, tmp_path)
    put(f"{place}/hospital_b/1.csv", HEADER, tmp_path)
    put(f"{place}/hospital_x/1.csv", HEADER, tmp_path)
    put(f"{place}/hospital_a/notes.txt", HEADER, tmp_path)
    put(f"{place}/hospital_a/old/1.csv", HEADER, tmp_path)

    found = discover(LANDING, f"{place}/{{source_system}}/*.csv", HOSPITALS, loaded={})

    assert [(item.source_system, item.status, item.reason) for item in found] == [
        ("hospital_a", "new", None),
        ("hospital_b", "new", None),
        (None, "refused", "unknown_source_system"),
        (None, "refused", "unexpected_name"),
        (None, "refused", "unexpected_name"),
    ]


def test_content_counts_once_for_a_hospital(place: str, tmp_path: Path) -> None:
    """B19: a file's name does not make its content new."""
    first = put(f"{place}/hospital_a/1.csv", HEADER + b"C1,1,2024-01-01\n", tmp_path)
    put(f"{place}/hospital_a/again.csv", HEADER + b"C1,1,2024-01-01\n", tmp_path)
    put(f"{place}/hospital_a/loaded.csv", HEADER, tmp_path)
    loaded = {"hospital_a": [storage.sha256_of(tmp_path / "delivery")]}
    pattern = f"{place}/{{source_system}}/*.csv"

    found = discover(LANDING, pattern, HOSPITALS, loaded=loaded)
    later = discover(
        LANDING, pattern, HOSPITALS, loaded=loaded, seen={(first.uri, first.generation)}
    )

    assert [item.status for item in found] == ["new", "duplicate", "duplicate"]
    assert [item.file.filename for item in later] == ["again.csv", "loaded.csv"]


def test_new_content_under_an_old_name_is_new(place: str, tmp_path: Path) -> None:
    """B20."""
    old = put(f"{place}/hospital_a/1.csv", HEADER, tmp_path)
    loaded = {"hospital_a": [storage.sha256_of_object(old)]}
    put(f"{place}/hospital_a/1.csv", HEADER + b"C1,1,2024-01-01\n", tmp_path)

    [found] = discover(
        LANDING,
        f"{place}/{{source_system}}/*.csv",
        HOSPITALS,
        loaded=loaded,
        seen={(old.uri, old.generation)},
    )

    assert found.status == "new"


@pytest.mark.parametrize(
    ("restates", "statuses"),
    [
        pytest.param(True, [("new", True), ("duplicate", False)], id="rows-without-a-time"),
        pytest.param(False, [("duplicate", False)] * 2, id="rows-with-a-time"),
    ],
)
def test_old_content_after_newer_content_puts_the_old_back(
    place: str, tmp_path: Path, restates: bool, statuses: list[tuple[str, bool]]
) -> None:
    """B15: an old fee schedule that is delivered again is in force again, once."""
    old = storage.sha256_of_object(put(f"{place}/hospital_a/1.csv", HEADER, tmp_path))
    put(f"{place}/hospital_a/2.csv", HEADER, tmp_path)
    loaded = {"hospital_a": [old, "newer"]}
    pattern = f"{place}/{{source_system}}/*.csv"

    found = discover(LANDING, pattern, HOSPITALS, loaded=loaded, restates=restates)

    assert [(item.status, item.is_again) for item in found] == statuses


def test_what_is_another_familys_is_neither_landed_nor_refused(place: str, tmp_path: Path) -> None:
    put(f"{place}/hospital_a/1.csv", HEADER, tmp_path)
    put(f"{place}/clinic_x/1.csv", HEADER, tmp_path)
    pattern = f"{place}/{{source_system}}/*.csv"

    found = discover(
        LANDING, pattern, HOSPITALS, loaded={}, is_ours=lambda name: "/clinic_x/" not in name
    )

    assert [item.source_system for item in found] == ["hospital_a"]
