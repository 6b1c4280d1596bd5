"""The keys by which gold names a record without its identifier."""

from __future__ import annotations

from hashlib import sha256

UNKNOWN = "unknown"


def surrogate(*parts: str) -> str:
    """Returns SHA-256 in hex over `<length>:<part>` of each part."""
    return sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()
