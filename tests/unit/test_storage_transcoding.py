"""Objects of Content-Encoding gzip, before a stand-in that transcodes as Cloud Storage does.

https://cloud.google.com/storage/docs/transcoding: who does not accept gzip gets the object
unpacked, whatever range he asked for; who does gets the stored bytes, which the client library
unpacks unless it is asked not to. Checksum and size are those of the stored bytes.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import google_crc32c
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Client

from utils.gcp import storage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTENT = b"ClaimID,Paid\n" + b"C1,1.00\n" * 5000
STORED = gzip.compress(CONTENT)
NAME = "claims/hospital_a/june.csv"
CHECKSUM = base64.b64encode(google_crc32c.value(STORED).to_bytes(4, "big")).decode()
OBJECT = {
    "kind": "storage#object",
    "bucket": "landing",
    "name": NAME,
    "generation": "7",
    "size": str(len(STORED)),
    "crc32c": CHECKSUM,
    "contentEncoding": "gzip",
    "updated": "2024-06-03T00:00:00Z",
    "mediaLink": "unused",
}
MARKERS = [{**OBJECT, "name": name, "size": "0"} for name in ("claims/", "claims/hospital_a/")]


class Transcoding(BaseHTTPRequestHandler):
    """One object, listed, described and read."""

    def do_GET(self) -> None:
        if "alt=media" not in self.path:
            is_list = self.path.split("?")[0].endswith("/o")
            answer = {"items": [*MARKERS, OBJECT]} if is_list else OBJECT
            self._answer(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})
        elif "gzip" not in self.headers.get("Accept-Encoding", ""):
            self._answer(200, CONTENT, {"Warning": "214 UploadServer gunzipped"})
        else:
            first, last = self._range()
            piece = STORED[first : last + 1]
            headers = {
                "Content-Encoding": "gzip",
                "X-Goog-Hash": f"crc32c={CHECKSUM}",
                "X-Goog-Generation": "7",
                "Content-Range": f"bytes {first}-{first + len(piece) - 1}/{len(STORED)}",
            }
            self._answer(206 if "Range" in self.headers else 200, piece, headers)

    def _range(self) -> tuple[int, int]:
        asked = self.headers.get("Range", "bytes=0-").removeprefix("bytes=")
        first, _, last = asked.partition("-")
        return int(first), int(last or len(STORED))

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> Iterator[storage.StoredObject]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Transcoding) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        client = Client(
            project="p",
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": f"http://127.0.0.1:{server.server_port}"},
        )
        monkeypatch.setattr(storage, "client", lambda: client)
        [found] = storage.list_objects("landing")
        yield found
        server.shutdown()


def test_folder_markers_are_no_files(stored: storage.StoredObject) -> None:
    assert [item.filename for item in storage.list_objects("landing")] == [stored.filename]


def test_a_packed_object_comes_as_it_is_stored(
    stored: storage.StoredObject, tmp_path: Path
) -> None:
    """Field case 28: unpacked on its way it would fit neither its checksum nor its size."""
    storage.download(stored, tmp_path / "file")

    assert (tmp_path / "file").read_bytes() == STORED


@pytest.mark.parametrize("piece", [100, 8 << 20])
def test_a_packed_object_is_read_in_pieces(
    stored: storage.StoredObject, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(storage, "_CHUNK", piece)

    assert storage.sha256_of_object(stored) == hashlib.sha256(STORED).hexdigest()
