from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from google.api_core.exceptions import PreconditionFailed
from google.cloud.storage import Blob

from tests.landing_support import LAKE
from utils.errors import ObjectChanged, StorageError
from utils.gcp import storage

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Stack


@pytest.fixture
def uri(stack_environment: Stack) -> str:
    storage.client.cache_clear()
    return f"gs://{LAKE}/t{uuid4().hex[:12]}/part-0.parquet"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    return path


def test_object_comes_back_as_it_was_put(uri: str, file: Path, tmp_path: Path) -> None:
    stored = storage.upload(file, uri)
    storage.download(stored, tmp_path / "back")

    assert (tmp_path / "back").read_bytes() == b"content"
    assert stored.size_bytes == 7
    assert storage.sha256_of_object(stored) == storage.sha256_of(file)


def test_equal_content_is_not_written_again(uri: str, file: Path) -> None:
    assert storage.upload(file, uri) == storage.upload(file, uri)


def test_listing_leaves_other_folders_out(uri: str, file: Path) -> None:
    stored = storage.upload(file, uri)
    folder = storage.split_uri(uri)[1].split("/")[0]

    assert list(storage.list_objects(LAKE, f"{folder}/")) == [stored]


def test_replaced_object_is_not_read_as_the_old_one(uri: str, file: Path, tmp_path: Path) -> None:
    old = storage.upload(file, uri)
    file.write_bytes(b"other")
    storage.upload(file, uri)

    with pytest.raises(ObjectChanged, match="replaced"):
        storage.download(old, tmp_path / "back")
    with pytest.raises(ObjectChanged, match="replaced"):
        storage.sha256_of_object(old)


def test_copy_keeps_the_content_and_repeats_without_effect(uri: str, file: Path) -> None:
    stored = storage.upload(file, uri)
    first = storage.copy(stored, f"{uri}.copy")

    assert first.crc32c == stored.crc32c
    assert storage.copy(stored, f"{uri}.copy") == first


def test_lost_answer_of_an_upload_counts_as_success(
    uri: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = Blob.upload_from_filename

    def answer_is_lost(blob: object, *arguments: object, **options: object) -> None:
        upload(blob, *arguments, **options)
        raise PreconditionFailed("a retry met what the first attempt had written")

    monkeypatch.setattr(Blob, "upload_from_filename", answer_is_lost)

    assert storage.upload(file, uri).crc32c == storage.crc32c_of(file)


def test_other_writers_content_is_not_taken_for_ours(
    uri: str, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = Blob.upload_from_filename
    foreign = tmp_path / "foreign"
    foreign.write_bytes(b"foreign")

    def other_was_first(blob: object, *_: object, **options: object) -> None:
        upload(blob, str(foreign))
        raise PreconditionFailed("the object exists")

    monkeypatch.setattr(Blob, "upload_from_filename", other_was_first)

    with pytest.raises(ObjectChanged, match="replaced"):
        storage.upload(file, uri)


def test_missing_bucket_is_named(uri: str, file: Path) -> None:
    with pytest.raises(StorageError, match=r"does not exist \(gs://nowhere/x\)"):
        storage.upload(file, "gs://nowhere/x")


def test_address_must_name_bucket_and_object() -> None:
    with pytest.raises(StorageError, match="Not an object address"):
        storage.split_uri("gs://bucket")
