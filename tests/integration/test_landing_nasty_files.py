"""A collection of files made to break CSV readers: each is landed right or refused with a reason.

The expected outcome of each file was written down from its bytes, not from what landing does: how
many rows a careful reader counts, which lines do not fit, or why the file cannot be taken.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.landing_support import LAKE, LANDING, bronze, put
from utils.errors import FileRefused
from utils.gcp import storage
from utils.landing.drift import WantedColumn
from utils.landing.files import FileRequest, LandedFile, discover, land_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Stack
    from utils.landing.files import Discovered
from tests.nasty_files import NASTY, NAUGHTY, OUTCOMES, SPECTRUM_TRUTH, Refused, Sound

pytestmark = pytest.mark.skipif(
    not NASTY.is_dir(), reason="needs the collection of CSV files beside the repository"
)

NOW = datetime(2024, 6, 3, tzinfo=UTC)
SOUND = [pytest.param(n, o, id=n) for n, o in OUTCOMES.items() if isinstance(o, Sound)]
REFUSED = [pytest.param(n, o, id=n) for n, o in OUTCOMES.items() if isinstance(o, Refused)]


@dataclass
class Bucket:
    """A folder of the landing bucket that holds the collection."""

    folder: str
    found: dict[str, Discovered] = field(default_factory=dict)

    def land(self, name: str, columns: str) -> LandedFile:
        """Lands one of its files under a contract of required columns."""
        file = self.found[name].file
        target = f"gs://{LAKE}/{self.folder}/bronze/{name}/part-0.parquet"
        return land_file(
            FileRequest(
                file=file,
                sha256=storage.sha256_of_object(file),
                columns=tuple(map(WantedColumn, columns.split(","))),
                load_id=name,
                target_uri=target,
                archive_uri=f"gs://{LAKE}/{self.folder}/archive/{name}",
                extracted_at=NOW,
            )
        )


@pytest.fixture(scope="module")
def bucket(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    """Delivers every file in a folder like its own, and discovers them."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in stack.variables.items():
            patch.setenv(name, value)
        storage.client.cache_clear()
        folder = f"t{uuid4().hex[:12]}"
        scratch = tmp_path_factory.mktemp("nasty")
        for name in OUTCOMES:
            put(f"{folder}/{name}", (NASTY / name).read_bytes(), scratch)
        bucket = Bucket(folder)
        for pattern in {f"{folder}/{name.rsplit('/', 1)[0]}/*" for name in OUTCOMES}:
            for item in discover(LANDING, pattern, ["payer"], loaded={}):
                bucket.found[item.file.uri.split(f"/{folder}/", 1)[1]] = item
        yield bucket
        storage.client.cache_clear()


def test_every_file_of_the_collection_has_an_expected_outcome() -> None:
    files = {str(path.relative_to(NASTY)) for path in NASTY.rglob("*") if path.is_file()}
    assert files == OUTCOMES.keys()


def test_every_file_is_discovered_as_new_or_as_known_content(bucket: Bucket) -> None:
    assert bucket.found.keys() == OUTCOMES.keys()
    contents: set[tuple[str, bytes]] = set()
    for name, item in sorted(bucket.found.items(), key=lambda pair: pair[1].file.updated_at):
        content = (name.rsplit("/", 1)[0], (NASTY / name).read_bytes())
        assert item.status == ("duplicate" if content in contents else "new"), name
        contents.add(content)


@pytest.mark.parametrize(("name", "expected"), SOUND)
def test_sound_file_is_landed_whole(bucket: Bucket, name: str, expected: Sound) -> None:
    landed = bucket.land(name, expected.columns)

    assert [reject.line for reject in landed.rejects] == list(expected.rejects)
    assert {reject.reason for reject in landed.rejects} <= {"column_count"}
    assert landed.columns == tuple(expected.columns.split(","))
    assert bronze(landed.uri).num_rows == landed.rows == expected.rows


@pytest.mark.parametrize(("name", "expected"), REFUSED)
def test_unsound_file_is_refused_with_a_reason(
    bucket: Bucket, name: str, expected: Refused
) -> None:
    with pytest.raises(FileRefused) as refusal:
        bucket.land(name, expected.columns)

    assert refusal.value.reason == expected.reason
    assert refusal.value.where.startswith(bucket.found[name].file.uri)
    assert expected.hint in str(refusal.value)
    assert refusal.value.remedy


@pytest.mark.parametrize("name", SPECTRUM_TRUTH)
def test_values_are_what_the_author_says(bucket: Bucket, name: str) -> None:
    truth_file = NASTY / "csv-spectrum" / "json" / f"{Path(name).stem}.json"
    truth = json.loads(truth_file.read_text(encoding="utf-8").replace("\\r\\n", "\\n"))
    columns = OUTCOMES[name].columns

    landed = bucket.land(name, columns)

    assert bronze(landed.uri).select(columns.split(",")).to_pylist() == truth


def test_naughty_strings_arrive_as_they_were_written(bucket: Bucket, tmp_path: Path) -> None:
    """B34, B35: formulas, scripts, markup and quotes are text like any other."""
    strings = json.loads((NASTY / NAUGHTY / "blns.json").read_text(encoding="utf-8"))
    written = tmp_path / "strings.csv"
    with written.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["line", "string"], *enumerate(strings, start=2)])
    name = written.name
    put(f"{bucket.folder}/{name}", written.read_bytes(), tmp_path)
    [bucket.found[name]] = discover(LANDING, f"{bucket.folder}/{name}", ["payer"], loaded={})

    landed = bucket.land(name, "line,string")

    assert landed.rejects == ()
    assert bronze(landed.uri)["string"].to_pylist() == strings
