"""Copies of syntax trees.

A statement is copied several times while it is translated, and most of that goes into dictionaries
of positions, by a function that is made for any object. A tree holds trees, lists and dictionaries;
whatever else is in it never changes.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp


def copied(value: Any, memo: Any = None) -> Any:
    """A deep copy of a tree, or of a value in it."""
    if isinstance(value, exp.Expr):
        return value.__deepcopy__(memo)
    if isinstance(value, list):
        return [copied(item) for item in value]
    if isinstance(value, dict):
        return {name: copied(item) for name, item in value.items()}
    return value
