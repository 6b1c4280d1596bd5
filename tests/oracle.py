"""An independent replay: what the published tables must say of one key, in plain Python.

It knows all observations of the key at once and nothing of batches, Spark or the job's code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter

OPEN_END = datetime(9999, 12, 31, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Observation:
    """One valid row, or one deletion, as a load saw it."""

    source_system: str
    thing_id: str
    value: str | None
    note: str | None
    event_at: datetime
    observed_at: datetime
    load_id: str
    row_id: int
    is_deleted: bool = False
    colour: str | None = None

    @property
    def key(self) -> str:
        return surrogate([self.source_system, self.thing_id])

    @property
    def row_hash(self) -> str:
        if self.is_deleted:
            return ""
        tracked = {"thing_id": self.thing_id, "value": self.value, "colour": self.colour}
        named = [f"{name}={len(text)}:{text}" for name, text in tracked.items() if text is not None]
        return hashlib.sha256("".join(named).encode()).hexdigest()

    @property
    def rank(self) -> tuple[bool, datetime, str, str, int]:
        """The greatest counts among observations of one key and event time."""
        alive = not self.is_deleted
        return (alive, self.observed_at, self.row_hash, self.load_id, self.row_id)


@dataclass(frozen=True)
class Version:
    """One published version."""

    key: str
    version_key: str
    source_system: str
    thing_id: str
    value: str | None
    note: str | None
    colour: str | None
    version: int
    effective_date: datetime
    expiry_date: datetime
    is_current: bool
    is_deleted: bool
    row_hash: str
    load_id: str
    observed_at: datetime


@dataclass(frozen=True)
class Revision:
    """What was known of one event time, from one moment to another."""

    key: str
    source_system: str
    thing_id: str
    value: str | None
    note: str | None
    colour: str | None
    event_at: datetime
    known_from: datetime
    known_to: datetime
    is_deleted: bool
    row_hash: str
    load_id: str


def surrogate(parts: Sequence[str | None]) -> str:
    """SHA-256 over `<length>:<part>` of each part, `-1:` for None."""
    encoded = ["-1:" if part is None else f"{len(part)}:{part}" for part in parts]
    return hashlib.sha256("".join(encoded).encode()).hexdigest()


def admitted(observations: Sequence[Observation]) -> list[Observation]:
    """Those of one key that no rule holds: rows of a load that contradict each other are held."""
    said: dict[tuple[str, datetime], set[str]] = {}
    for seen in observations:
        said.setdefault((seen.load_id, seen.event_at), set()).add(seen.row_hash)
    return [seen for seen in observations if len(said[seen.load_id, seen.event_at]) == 1]


def winners(observations: Iterable[Observation]) -> list[Observation]:
    """The observations of one key that count, one for each event time, in their order."""
    found: dict[datetime, Observation] = {}
    for seen in observations:
        known = found.get(seen.event_at)
        if known is None or seen.rank > known.rank:
            found[seen.event_at] = seen
    return sorted(found.values(), key=attrgetter("event_at"))


def replay(observations: Iterable[Observation]) -> list[Version]:
    """The versions of one key after all its observations, in the order of their event times."""
    versions: list[Version] = []
    is_open = False
    for now in winners(observations):
        unchanged = is_open and versions[-1].row_hash == now.row_hash
        if unchanged or (now.is_deleted and not is_open):
            continue
        if is_open:
            versions[-1] = _closed(versions[-1], now)
        is_open = not now.is_deleted
        if is_open:
            versions.append(_opened(now, len(versions) + 1))
    return versions


def known_at(observations: Iterable[Observation], moment: datetime) -> list[Observation]:
    """The observations that had been made at a moment."""
    return [seen for seen in observations if seen.observed_at <= moment]


def revisions(observations: Iterable[Observation]) -> list[Revision]:
    """What was known of one key, by event time and then by the moment from which it was known.

    Asks at every moment, of all that had been observed by then, what counts.
    """
    seen = list(observations)
    found: list[Revision] = []
    for event_at in sorted({each.event_at for each in seen}):
        of_instant = [each for each in seen if each.event_at == event_at]
        known: list[Revision] = []
        for moment in sorted({each.observed_at for each in of_instant}):
            [counting] = winners(known_at(of_instant, moment))
            if known and known[-1].row_hash == counting.row_hash:
                continue
            if known:
                known[-1] = Revision(**{**vars(known[-1]), "known_to": moment})
            known.append(_revised(counting, moment))
        found += known
    return found


def _revised(by: Observation, moment: datetime) -> Revision:
    return Revision(
        key=by.key,
        source_system=by.source_system,
        thing_id=by.thing_id,
        value=by.value,
        note=by.note,
        colour=by.colour,
        event_at=by.event_at,
        known_from=moment,
        known_to=OPEN_END,
        is_deleted=by.is_deleted,
        row_hash=by.row_hash,
        load_id=by.load_id,
    )


def _closed(version: Version, by: Observation) -> Version:
    end = {"expiry_date": by.event_at, "is_current": False, "is_deleted": by.is_deleted}
    return Version(**{**vars(version), **end})


def _opened(by: Observation, number: int) -> Version:
    micros = str((by.event_at - EPOCH) // timedelta(microseconds=1))
    return Version(
        key=by.key,
        version_key=surrogate([by.source_system, by.thing_id, micros]),
        source_system=by.source_system,
        thing_id=by.thing_id,
        value=by.value,
        note=by.note,
        colour=by.colour,
        version=number,
        effective_date=by.event_at,
        expiry_date=OPEN_END,
        is_current=True,
        is_deleted=False,
        row_hash=by.row_hash,
        load_id=by.load_id,
        observed_at=by.observed_at,
    )
