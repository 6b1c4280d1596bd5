"""The keys by which gold names a record without its identifier."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256

UNKNOWN = "unknown"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@cache
def surrogate(*parts: str) -> str:
    """Returns SHA-256 in hex over `<length>:<part>` of each part."""
    return sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()


def version_key(source_system: str, record_id: str, since: datetime) -> str:
    """Returns the key of the version of a record that is in force from an instant on."""
    return surrogate(source_system, record_id, str((since - _EPOCH) // _MICROSECOND))


def payer_key(payer: str | None) -> str:
    """Returns the key of a payer, whose name may be spelled in any case."""
    return surrogate(payer.upper()) if payer else UNKNOWN
