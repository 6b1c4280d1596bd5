"""Any split of the same events into batches, in any order, gives the tables that the oracle says.

Versions say what is known now; revisions, replayed up to a moment, what was known then.

`make prove SEQUENCES=10000` runs the long form. Hundreds of sequences, each about an id of its
own, share a run of the job. A failure names the sequence and the split: keep them as an `@example`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from tests.oracle import Observation, Revision, Version, admitted, known_at, replay, revisions
from tests.spark_support import read_rows
from tests.unit.spark.lake import Lake, numbered
from tests.unit.spark.sequences import (
    AT_ONCE,
    CONTRADICTION,
    HOSPITALS,
    TRAITS,
    Split,
    by_key,
    load_number,
    observations,
    sequences,
    splits,
    traits,
)

PACK = 500
# Hypothesis also tries variants of a pack that it tried; what they share counts once.
VARIANTS = 1.1


def test_any_split_in_any_order_gives_the_tables_of_the_oracle(
    spark: SparkSession,
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
) -> None:
    shown: dict[tuple[bytes, Split], set[str]] = {}

    @settings(
        max_examples=ceil(VARIANTS * pytestconfig.getoption("sequences") / PACK),
        deadline=None,
        phases=[Phase.explicit, Phase.generate],  # a failure names its sequence: no need to shrink
        suppress_health_check=list(HealthCheck),
    )
    @given(pack=st.lists(sequences, min_size=PACK, max_size=PACK, unique=True), split=splits)
    def holds(pack: list[bytes], split: Split) -> None:
        seen = {f"K{number}": sequence for number, sequence in enumerate(pack)}
        events = numbered(seen_of for name in seen for seen_of in observations(name, seen[name]))
        by_id = defaultdict(list)
        for event in events:
            by_id[event.thing_id].append(event)
        shown.update({(seen[name], split): traits(of, split) for name, of in by_id.items()})

        again = split[0]  # a batch that comes again changes nothing
        for way, batches in ((AT_ONCE, [0]), (split, [*sorted(set(split)), again])):
            lake = Lake(spark, tmp_path_factory.mktemp("lake"))
            for batch in batches:
                _publish_and_balance(lake, [e for e in events if way[load_number(e)] == batch])
            differences = _differences(lake, events, seen, way)
            assert not differences, "\n".join(differences[:3])

    holds()
    counts = Counter(trait for found in shown.values() for trait in found)
    print(f"\n{len(shown):,} event sequences, no difference; of these show")
    for trait in (*TRAITS, HOSPITALS, CONTRADICTION):
        print(f"  {counts[trait]:>8,}  {trait}")
    assert not {*TRAITS, HOSPITALS, CONTRADICTION} - counts.keys(), (
        "the generated space lost a case"
    )


def _differences(
    lake: Lake, events: list[Observation], sequences: dict[str, bytes], split: Split
) -> list[str]:
    """Every key of which a table is not as it must be, as the example that shows it again."""
    found = []
    for key, read in by_key(events).items():
        seen = admitted(read)
        known = lake.revisions.get(key, [])
        pairs: list[tuple[list[Any], list[Any]]] = [
            (lake.published.get(key, []), replay(seen)),
            (known, revisions(seen)),
            *(
                (_states(_then(known, moment)), _states(replay(known_at(seen, moment))))
                for moment in sorted({each.observed_at for each in seen})
            ),
        ]
        for published, expected in pairs:
            if published != expected:
                found.append(
                    f"@example(pack=[{sequences[read[0].thing_id]!r}], split={split})\n"
                    f"  published {published}\n  expected  {expected}"
                )
    return found


def _then(known: list[Revision], moment: datetime) -> list[Version]:
    """The versions that the published revisions say were known at a moment."""
    return replay(
        Observation(
            source_system=each.source_system,
            thing_id=each.thing_id,
            value=each.value,
            note=each.note,
            colour=each.colour,
            event_at=each.event_at,
            observed_at=each.known_from,
            load_id=each.load_id,
            row_id=0,
            is_deleted=each.is_deleted,
        )
        for each in known
        if each.known_from <= moment < each.known_to
    )


def _states(versions: list[Version]) -> list[tuple[object, ...]]:
    """Versions without what the last reading of an instant says: it opens no revision."""
    return [
        (v.version, v.effective_date, v.expiry_date, v.is_deleted, v.row_hash, v.value, v.colour)
        for v in versions
    ]


def _publish_and_balance(lake: Lake, events: list[Observation]) -> Path:
    batch = lake.publish(events)
    loads = read_rows(batch / "loads")
    assert sum(load["rows_read"] for load in loads) == len(events)
    for load in loads:
        parts = ("merged", "unchanged", "deduplicated", "quarantined")
        assert load["rows_read"] == sum(load[f"rows_{part}"] for part in parts)
    return batch
