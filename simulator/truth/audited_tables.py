"""The audit's tables of loads, for all source systems together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.codes import CODES_TABLE, SOURCE_SYSTEM
from simulator.counting import CENTS, ratio
from simulator.daybook import DOLLARS, RECONCILED, DayBook, Volume
from simulator.ledger import HeldRow, Load
from simulator.schema import HOSPITAL_TABLES, PAYER_FILES
from simulator.truth.gold import Declared, Rows

SUMMARY_COUNT = "_row_count"
ROWS_READ = ("rows_read", "rows_merged", "rows_unchanged", "rows_deduplicated", "rows_quarantined")
ARRIVAL = "files arrive by the clock of the machine"
WORDS = "the rule in words"
Days = Sequence[Sequence[DayBook]]
Count = Callable[[Days], Rows]


@dataclass(frozen=True, kw_only=True)
class AuditedTable(Declared):
    """A table of all source systems; `count` yields its rows after the last of some dates."""

    count: Count


AUDITED_TABLES: dict[str, AuditedTable] = {}


def _audited_table(
    dataset: str, key: str, measures: str, **not_compared: str
) -> Callable[[Count], Count]:
    """Declares the table that a function counts and is named after."""

    def declare(count: Count) -> Count:
        name = f"{dataset}.{count.__name__}"
        AUDITED_TABLES[name] = AuditedTable(
            name=name,
            key=tuple(key.split()),
            measures=tuple(measures.split()),
            not_compared=not_compared,
            count=count,
        )
        return count

    return declare


@_audited_table("audit", "load_id", " ".join(Load._fields[1:]))
def table_loads(days: Days) -> Rows:
    """Loads."""
    yield from _loads(days)


@_audited_table("audit", " ".join(HeldRow._fields), SUMMARY_COUNT)
def quarantine(days: Days) -> Rows:
    """Rows held, equal ones counted."""
    held = [row for books in days for book in books for one in book.loads for row in one.held]
    for row, count in Counter(held).items():
        yield *row, count


@_audited_table(
    "gold",
    "business_date source_system entity",
    f"load_count {' '.join(ROWS_READ)} quarantine_rate",
)
def kpi_pipeline_performance(days: Days) -> Rows:
    """Rows that the loads of every date brought, and what became of them."""
    groups: dict[tuple[Any, ...], list[Load]] = defaultdict(list)
    for load in _loads(days):
        groups[load.business_date, load.source_system, load.entity].append(load)
    for place, loads in groups.items():
        read, *parts = (sum(getattr(load, count) for load in loads) for count in ROWS_READ)
        yield *place, len(loads), read, *parts, ratio(parts[-1], read)


@_audited_table(
    "gold", "source table_name", "entity reached_date is_complete held_back", published_to=ARRIVAL
)
def source_freshness(days: Days) -> Rows:
    """The date that every table of every source has reached."""
    today = days[-1][0].business_date
    for hospital, tables in HOSPITAL_TABLES.items():
        for table in tables:
            yield hospital, table.name, table.name, today, True, None
    for entity, file in PAYER_FILES.items():
        yield *file.source.split("."), entity, today, True, None
    yield SOURCE_SYSTEM, CODES_TABLE, "procedures", today, True, None


@_audited_table("gold", "source_system", "gold_date is_held_back held_back_since reason")
def hospital_standings(days: Days) -> Rows:
    """Every hospital and set of codes shows the last date: none has to be held back."""
    for book in days[-1]:
        yield book.source_system, book.business_date, False, None, None


@_audited_table(
    "gold",
    "source_system entity rule",
    "checked_count odd_count odd_rate",
    statement=WORDS,
)
def data_oddities(days: Days) -> Rows:
    """Rows that are loaded although they break a rule, read again or not."""
    read: Counter[tuple[str, str]] = Counter()
    odd: Counter[tuple[str, str, str]] = Counter()
    for load, _, rules in (one for books in days for book in books for one in book.loads):
        read[load.source_system, load.entity] += load.rows_read
        for rule, count in rules.items():
            odd[load.source_system, load.entity, rule] += count
    for place, count in odd.items():
        yield *place, read[place[:2]], count, ratio(count, read[place[:2]])


@_audited_table(
    "gold",
    "source_system entity rule",
    "row_count billed_amount paid_amount",
    reason=WORDS,
    first_seen_at=ARRIVAL,
    last_seen_at=ARRIVAL,
)
def quarantine_summary(days: Days) -> Rows:
    """What is held, each row once."""
    for book in days[-1]:
        for (entity, rule), held in book.standing.held.items():
            yield book.source_system, entity, rule, held.rows, held.billed, held.paid


@_audited_table(
    "gold",
    "source_system entity measure",
    "silver_value gold_value quarantined_value difference",
)
def reconciliation(days: Days) -> Rows:
    """Rows and dollars of silver, of gold and of quarantine."""
    for book in days[-1]:
        held: dict[str, Volume] = defaultdict(Volume)
        for (entity, _), one in book.standing.held.items():
            of = held[entity]
            held[entity] = Volume(of.rows + one.rows, of.billed + one.billed, of.paid + one.paid)
        for entity in dict.fromkeys([*RECONCILED, *held]):
            if entity not in book.standing.published and entity not in held:
                continue
            there = book.standing.published.get(entity, Volume())
            for measure in ("rows", "billed", "paid") if entity in DOLLARS else ("rows",):
                scale = 1 if measure == "rows" else CENTS
                values = (ratio(getattr(one, measure), scale) for one in (there, held[entity]))
                published, quarantined = values
                yield book.source_system, entity, measure, published, published, quarantined, 0


def _loads(days: Days) -> Iterator[Load]:
    return (one.load for books in days for book in books for one in book.loads)
