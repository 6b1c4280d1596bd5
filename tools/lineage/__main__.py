"""Shows where a column comes from, down to the columns of the sources."""

from __future__ import annotations

import argparse
import difflib
import sys
from typing import TYPE_CHECKING

from tools.lineage.graph import gold_lineage
from tools.lineage.shapes import Way
from utils.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.lineage.graph import Lineage
    from tools.lineage.shapes import Column

_INDENT = "  "


def main() -> int:
    """Prints the path and returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.lineage", description=__doc__)
    parser.add_argument("column", help="such as gold.kpi_revenue.paid_amount")
    try:
        print("\n".join(tree(gold_lineage(), parser.parse_args().column)))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def tree(lineage: Lineage, name: str) -> Iterator[str]:
    """A line for a column and for everything that it is made from, indented below it.

    What a column is made from is shown where it is met first.

    Raises:
        ConfigError: there is no such column.
    """
    names = {str(column): column for column in lineage.edges}
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        raise ConfigError(
            "There is no such column",
            where=name,
            remedy=f"Perhaps it is {near[0]}" if near else "Name layer, table and column",
        )
    return _branch(lineage, names[name], Way.VALUE, "", set())


def _branch(
    lineage: Lineage, column: Column, way: Way, indent: str, shown: set[Column]
) -> Iterator[str]:
    made_from = lineage.edges.get(column, {})
    notes = [
        *([] if way == Way.VALUE else [way.label]),
        *(["PHI"] if column in lineage.identifying.get(column, ()) else []),
        *(["see above"] if made_from and column in shown else []),
    ]
    yield f"{indent}{column}" + (f" ({', '.join(notes)})" if notes else "")
    if column not in shown:
        shown.add(column)
        for source, used in sorted(made_from.items()):
            yield from _branch(lineage, source, used, indent + _INDENT, shown)


if __name__ == "__main__":
    sys.exit(main())
