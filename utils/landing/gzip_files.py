"""Unpacks a delivered file that is gzip, whatever its name says."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

from utils.errors import FileRefused

if TYPE_CHECKING:
    from pathlib import Path

MAX_UNPACKED = 4 << 30
_MARK = b"\x1f\x8b"
_CHUNK = 1 << 20


def plain(path: Path) -> Path:
    """The file itself, or what it holds if it is gzip, beside it.

    gzip holds one file and names no path; how much is unpacked is bounded.

    Raises:
        FileRefused: it is damaged, or holds more than `MAX_UNPACKED` bytes (`archive`).
    """
    with path.open("rb") as packed:
        if packed.read(len(_MARK)) != _MARK:
            return path
    unpacked = path.with_name(f"{path.name}.unpacked")
    try:
        with gzip.open(path) as source, unpacked.open("wb") as target:
            while chunk := source.read(_CHUNK):
                if target.tell() + len(chunk) > MAX_UNPACKED:
                    raise FileRefused(
                        f"The file holds more than {MAX_UNPACKED >> 20} MiB when it is unpacked",
                        reason="archive",
                        remedy="Ask the sender for several smaller files",
                    )
                target.write(chunk)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise FileRefused(
            "The file is gzip, but damaged or cut off",
            reason="archive",
            remedy="Ask the sender for the file again",
        ) from None
    return unpacked
