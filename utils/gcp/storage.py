"""Reads and writes whole objects in Cloud Storage.

`google.cloud.storage` finds an emulator by `STORAGE_EMULATOR_HOST` and then needs no credentials,
so nothing here knows where it runs. Every write is conditional on the generation it replaces and
every read on the generation it was promised; CRC32C confirms both, so a store that ignores the
conditions is noticed too. Bytes are read as they are stored: an object of Content-Encoding gzip is
not unpacked on its way, which would fit neither its checksum nor its ranges.
"""

from __future__ import annotations

import base64
import hashlib
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import google.cloud.storage as storage
import google_crc32c
from google.api_core.exceptions import GoogleAPICallError, NotFound, PreconditionFailed, RetryError
from google.cloud.storage.retry import DEFAULT_RETRY

from utils.errors import ObjectChanged, StorageError, StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

TIMEOUT = (5.0, 60.0)
RETRY = DEFAULT_RETRY.with_timeout(60.0)
_CHUNK = 1 << 20


@dataclass(frozen=True)
class StoredObject:
    """One generation of an object."""

    uri: str
    generation: int
    size_bytes: int
    crc32c: str
    updated_at: datetime

    @property
    def filename(self) -> str:
        """Last part of the object's name."""
        return self.uri.rsplit("/", 1)[-1]


@cache
def client() -> storage.Client:
    """The client of this process."""
    return storage.Client()


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and object name of a `gs://` address.

    Raises:
        StorageError: it is no such address.
    """
    bucket, _, name = uri.removeprefix("gs://").partition("/")
    if not uri.startswith("gs://") or not bucket or not name:
        raise StorageError("Not an object address", where=uri, remedy="Write gs://<bucket>/<name>")
    return bucket, name


def list_objects(bucket: str, prefix: str = "") -> Iterator[StoredObject]:
    """The live objects whose names begin with `prefix`, by name; folder markers are left out."""
    with _explained(f"gs://{bucket}/{prefix}"):
        for blob in client().list_blobs(bucket, prefix=prefix, timeout=TIMEOUT, retry=RETRY):
            if not blob.name.endswith("/"):
                yield _stored(blob)


def stat(uri: str) -> StoredObject | None:
    """The live generation at `uri`, or None."""
    bucket, name = split_uri(uri)
    with _explained(uri):
        blob = client().bucket(bucket).get_blob(name, timeout=TIMEOUT, retry=RETRY)
    return _stored(blob) if blob else None


def upload(path: Path, uri: str) -> StoredObject:
    """Puts a file at `uri` in one step, replacing what is there.

    Repeating the call has no further effect: equal content is left as it is, and an upload whose
    answer was lost is recognised by its checksum.

    Raises:
        ObjectChanged: another writer put different content there meanwhile.
        StorageError: the bucket is missing, or the store refuses or does not answer.
    """
    present, checksum = stat(uri), crc32c_of(path)
    if present and present.crc32c == checksum:
        return present
    blob = _blob(uri)
    with _explained(uri):
        try:
            blob.upload_from_filename(
                str(path),
                if_generation_match=present.generation if present else 0,
                checksum="crc32c",
                timeout=TIMEOUT,
                retry=RETRY,
            )
        except PreconditionFailed:
            return _confirmed(uri, checksum)
    return _confirmed(uri, checksum)


def download(source: StoredObject, path: Path) -> None:
    """Writes exactly this generation to a file.

    Raises:
        ObjectChanged: the object was replaced or removed since it was listed.
    """
    with _explained(source.uri), path.open("wb") as file:
        try:
            _blob(source.uri).download_to_file(
                file,
                if_generation_match=source.generation,
                raw_download=True,
                timeout=TIMEOUT,
                retry=RETRY,
            )
        except (PreconditionFailed, NotFound):
            raise _changed(source.uri) from None
    if crc32c_of(path) != source.crc32c:
        raise _changed(source.uri)


def copy(source: StoredObject, uri: str) -> StoredObject:
    """Copies exactly this generation inside the store; an equal copy is left as it is.

    Raises:
        ObjectChanged: the source was replaced, or the target holds other content.
    """
    present = stat(uri)
    if present:
        return _confirmed(uri, source.crc32c)
    target = _blob(uri)
    with _explained(uri):
        try:
            _rewrite(target, _blob(source.uri), source.generation)
        except (PreconditionFailed, NotFound):
            raise _changed(source.uri) from None
    return _confirmed(uri, source.crc32c)


def delete(target: StoredObject) -> None:
    """Removes exactly this generation; one that was replaced or is gone is left as it is."""
    with _explained(target.uri), suppress(PreconditionFailed, NotFound):
        _blob(target.uri).delete(
            if_generation_match=target.generation, timeout=TIMEOUT, retry=RETRY
        )


def sha256_of_object(source: StoredObject) -> str:
    """SHA-256 of this generation's content, hexadecimal, read in pieces.

    Raises:
        ObjectChanged: the object was replaced or removed since it was listed.
    """
    digest, checksum = hashlib.sha256(), 0
    with _explained(source.uri):
        try:
            for chunk in _chunks(source):
                digest.update(chunk)
                checksum = google_crc32c.extend(checksum, chunk)
        except (PreconditionFailed, NotFound):
            raise _changed(source.uri) from None
    if _encoded(checksum) != source.crc32c:
        raise _changed(source.uri)
    return digest.hexdigest()


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def crc32c_of(path: Path) -> str:
    """CRC32C of a file as Cloud Storage writes it: big-endian, base64."""
    checksum = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            checksum = google_crc32c.extend(checksum, chunk)
    return _encoded(checksum)


def _blob(uri: str) -> storage.Blob:
    bucket, name = split_uri(uri)
    return client().bucket(bucket).blob(name)


def _stored(blob: storage.Blob) -> StoredObject:
    return StoredObject(
        uri=f"gs://{blob.bucket.name}/{blob.name}",
        generation=int(blob.generation),
        size_bytes=int(blob.size),
        crc32c=blob.crc32c,
        updated_at=blob.updated,
    )


def _chunks(source: StoredObject) -> Iterator[bytes]:
    if source.size_bytes == 0:
        return
    with _blob(source.uri).open(
        "rb",
        chunk_size=8 * _CHUNK,
        if_generation_match=source.generation,
        raw_download=True,
        timeout=TIMEOUT,
        retry=RETRY,
    ) as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _rewrite(target: storage.Blob, origin: storage.Blob, generation: int) -> None:
    token: str | None = None
    while True:
        token, _, _ = target.rewrite(
            origin,
            token=token,
            if_generation_match=0,
            if_source_generation_match=generation,
            timeout=TIMEOUT,
            retry=RETRY,
        )
        if token is None:
            return


def _confirmed(uri: str, checksum: str) -> StoredObject:
    stored = stat(uri)
    if stored is None or stored.crc32c != checksum:
        raise _changed(uri)
    return stored


def _changed(uri: str) -> ObjectChanged:
    return ObjectChanged(
        "The object was replaced while it was in use", where=uri, remedy="Run the task again"
    )


def _encoded(checksum: int) -> str:
    return base64.b64encode(checksum.to_bytes(4, "big")).decode("ascii")


@contextmanager
def _explained(uri: str) -> Iterator[None]:
    try:
        yield
    except NotFound:
        raise StorageError(
            "The bucket or object does not exist", where=uri, remedy="Create it or correct the name"
        ) from None
    except RetryError as error:
        raise StorageUnavailable(
            "Cloud Storage did not answer in time", where=uri, remedy="Run the task again"
        ) from error
    except GoogleAPICallError as error:
        raise StorageError(
            f"Cloud Storage answered {error.code}",
            where=uri,
            remedy="Check that the service account may read and write the bucket",
        ) from error
