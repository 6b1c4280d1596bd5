"""Generated event sequences: what is seen of one id, in which load, and what each of them shows.

A sequence is a byte string, two bytes an observation, so that it costs Hypothesis one draw and a
failure is a short literal. An observation belongs to a load; a split says in which batch each load
is merged. What a load is does not depend on the split, so neither may the published table.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise, permutations

from hypothesis import strategies as st

from tests.oracle import Observation, Version, admitted, replay, revisions, winners
from tests.unit.spark.lake import january

EVENTS, LOADS, BATCHES = 5, 8, 4
LONGEST = 8
VALUES = (None, "a", "b", "deleted")
NOTES = (None, "x")
COLOURS = (None, "red", "blue")
OTHER_HOSPITAL = (3, 7)
FIRST_LOAD_WITH_COLOUR = 4

Split = Sequence[int]
sequences = st.binary(min_size=4, max_size=2 * LONGEST)
splits = st.lists(st.integers(0, BATCHES - 1), min_size=LOADS, max_size=LOADS).map(tuple)
AT_ONCE: Split = (0,) * LOADS


def observations(name: str, sequence: bytes) -> list[Observation]:
    """The observations that a sequence means for the id `name`."""
    pairs = zip(sequence[::2], sequence[1::2], strict=False)
    return [_observation(name, high << 8 | low) for high, low in pairs]


def load_number(seen: Observation) -> int:
    """The load an observation came with; a load brings rows and, as another file, deletions."""
    return int(seen.load_id[-1])


def _observation(name: str, choice: int) -> Observation:
    choice, event = divmod(choice, EVENTS)
    choice, load = divmod(choice, LOADS)
    choice, value = divmod(choice, len(VALUES))
    choice, note = divmod(choice, len(NOTES))
    colour = COLOURS[choice % len(COLOURS)] if load >= FIRST_LOAD_WITH_COLOUR else None
    is_deleted = VALUES[value] == "deleted"
    return Observation(
        source_system="hospital_b" if load in OTHER_HOSPITAL else "hospital_a",
        thing_id=name,
        value=None if is_deleted else VALUES[value],
        note=None if is_deleted else NOTES[note],
        colour=None if is_deleted else colour,
        event_at=january(1 + event),
        observed_at=january(10 + load % 3),
        load_id=f"gone{load}" if is_deleted else f"load{load}",
        row_id=0,
        is_deleted=is_deleted,
    )


@dataclass(frozen=True)
class Life:
    """One key: all that is seen of it, what counts of that, and the versions it makes.

    `pairs` are versions that follow each other, after a gap or not; `rivals` share an event time.
    """

    seen: Sequence[Observation]
    split: Split

    @cached_property
    def counting(self) -> list[Observation]:
        return winners(self.seen)

    @cached_property
    def versions(self) -> list[Version]:
        return replay(self.seen)

    @cached_property
    def pairs(self) -> list[tuple[Version, Version]]:
        return list(pairwise(self.versions))

    @cached_property
    def rivals(self) -> list[tuple[Observation, Observation]]:
        return [(a, b) for a, b in combinations(self.seen, 2) if a.event_at == b.event_at]

    def batch(self, of: Observation | Version) -> int:
        """The batch that merges the load that something came with."""
        return self.split[int(of.load_id[-1])]


def _returns(life: Life, *, changed: bool) -> bool:
    return any(a.is_deleted and (a.row_hash != b.row_hash) == changed for a, b in life.pairs)


def _reverts(life: Life) -> bool:
    versions = life.versions
    return any(a.row_hash == c.row_hash for a, c in zip(versions, versions[2:], strict=False))


def _comes_late(life: Life) -> bool:
    return any(
        life.batch(a) < life.batch(b) and a.event_at > b.event_at
        for a, b in permutations(life.seen, 2)
    )


def _is_resliced(life: Life) -> bool:
    """A version of a later batch stands between versions of an earlier one."""
    return any(
        max(life.batch(a), life.batch(c)) < life.batch(b)
        for a, b, c in zip(life.versions, life.versions[1:], life.versions[2:], strict=False)
    )


TRAITS: Mapping[str, Callable[[Life], bool]] = {
    "new row, one version": lambda life: len(life.versions) == 1,
    "change": lambda life: any(not a.is_deleted for a, _ in life.pairs),
    "NULL to value (E07)": lambda life: any(
        a.value is None and b.value is not None for a, b in life.pairs
    ),
    "value to NULL (E07)": lambda life: any(
        a.value is not None and b.value is None for a, b in life.pairs
    ),
    "value reverts": _reverts,
    "several changes in one batch (E02)": lambda life: (
        len({life.batch(version) for version in life.versions}) < len(life.versions)
    ),
    "same time, different rows (E03)": lambda life: any(
        a.row_hash != b.row_hash for a, b in life.rivals
    ),
    "an instant revised by a later load": lambda life: any(
        a.key == b.key and a.event_at == b.event_at for a, b in pairwise(revisions(life.seen))
    ),
    "a revision that arrives before an older one": lambda life: any(
        a.row_hash != b.row_hash and a.observed_at < b.observed_at and life.batch(a) > life.batch(b)
        for a, b in [*life.rivals, *((b, a) for a, b in life.rivals)]
    ),
    "unchanged, read again later (E05)": lambda life: any(
        a.row_hash == b.row_hash and life.batch(a) != life.batch(b) for a, b in life.rivals
    ),
    "duplicate key in a batch (E04, E12)": lambda life: any(
        life.batch(a) == life.batch(b) for a, b in life.rivals
    ),
    "touched without a change (E06)": lambda life: any(
        a.row_hash == b.row_hash and not a.is_deleted for a, b in pairwise(life.counting)
    ),
    "arrives late (E01)": _comes_late,
    "history re-sliced (E01)": _is_resliced,
    "deleted": lambda life: any(version.is_deleted for version in life.versions),
    "still deleted (E09)": lambda life: any(
        a.is_deleted and b.is_deleted for a, b in pairwise(life.counting)
    ),
    "first seen deleted (E10)": lambda life: life.counting[0].is_deleted,
    "back unchanged (E08)": lambda life: _returns(life, changed=False),
    "back with a change (E08)": lambda life: _returns(life, changed=True),
    "attribute joined later (E14)": lambda life: any(
        a.colour is None and b.colour is not None and a.value == b.value for a, b in life.pairs
    ),
    "attribute joined, no value (E14)": lambda life: any(
        a.row_hash == b.row_hash and load_number(a) < FIRST_LOAD_WITH_COLOUR <= load_number(b)
        for a, b in pairwise(life.counting)
    ),
}
HOSPITALS = "same id in two hospitals (E11)"
CONTRADICTION = "rows of one load that contradict each other"


def traits(seen: Sequence[Observation], split: Split) -> set[str]:
    """What a sequence that is split like this shows."""
    read = by_key(seen).values()
    lives = [Life(own, split) for every in read if (own := admitted(every))]
    contradicts = {CONTRADICTION} if any(len(admitted(own)) < len(own) for own in read) else set()
    shown = {name for name, is_shown in TRAITS.items() if any(map(is_shown, lives))}
    return shown | contradicts | ({HOSPITALS} if len(lives) > 1 else set())


def by_key(seen: Iterable[Observation]) -> dict[str, list[Observation]]:
    """The observations of each key."""
    found: dict[str, list[Observation]] = defaultdict(list)
    for observation in seen:
        found[observation.key].append(observation)
    return dict(found)
