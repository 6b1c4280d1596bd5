"""Any split of the same events into batches, in any order, gives the table that the oracle says.

`make prove SEQUENCES=10000` runs the long form. Hundreds of sequences, each about an id of its
own, share a run of the job. A failure names the sequence and the split: keep them as an `@example`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from math import ceil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from tests.oracle import Observation, Version, replay
from tests.spark_support import read_rows
from tests.unit.spark.lake import Lake, numbered
from tests.unit.spark.sequences import (
    AT_ONCE,
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


def test_any_split_in_any_order_gives_the_table_of_the_oracle(
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
    for trait in (*TRAITS, HOSPITALS):
        print(f"  {counts[trait]:>8,}  {trait}")
    assert not {*TRAITS, HOSPITALS} - counts.keys(), "the generated space lost a case"


def _differences(
    lake: Lake, events: list[Observation], sequences: dict[str, bytes], split: Split
) -> list[str]:
    """Every key whose versions are not as they must be, as the example that shows it again."""
    found = []
    for key, seen in by_key(events).items():
        published, expected = lake.published.get(key, []), replay(seen)
        if published != expected:
            found.append(
                f"@example(pack=[{sequences[seen[0].thing_id]!r}], split={split})\n"
                f"  published {_brief(published)}\n  expected  {_brief(expected)}"
            )
    return found


def _brief(versions: list[Version]) -> list[tuple[object, ...]]:
    return [
        (version.value, version.colour, f"{version.effective_date:%F}..{version.expiry_date:%F}")
        for version in versions
    ]


def _publish_and_balance(lake: Lake, events: list[Observation]) -> Path:
    batch = lake.publish(events)
    loads = read_rows(batch / "loads")
    assert sum(load["rows_read"] for load in loads) == len(events)
    for load in loads:
        parts = ("merged", "unchanged", "deduplicated", "quarantined")
        assert load["rows_read"] == sum(load[f"rows_{part}"] for part in parts)
    return batch
