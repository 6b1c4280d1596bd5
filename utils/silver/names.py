"""How the scripts about a batch name tables: staging, silver and audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from utils.audit.tables import audit_declarations, audit_table
from utils.settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from utils.contracts.entities import SilverTable

STAGED = "staged_"


def batch_tables(batch_id: str) -> Callable[[str], str]:
    """The `ref` function of a script about a staged batch.

    `staged_<name>` is what the batch wrote; any other name is a table of audit or of silver.
    """

    def ref(name: str) -> str:
        if name.startswith(STAGED):
            return f"`{staged_table(batch_id, name.removeprefix(STAGED))}`"
        if name in audit_declarations():
            return audit_table(name)
        return f"`{settings().table('silver', name)}`"

    return ref


def staged_table(batch_id: str, name: str) -> str:
    """Full name of a staging table.

    A batch has staging tables of its own: a load job that ends late, of a run that lost its lease,
    cannot replace what a later run has staged and is about to publish.
    """
    return settings().table("staging", f"{batch_id.replace('-', '_')}_{name}")


def histories(tables: Iterable[SilverTable], prefix: str = "") -> dict[str, object]:
    """What templates call `histories` and `revised`: name, table and key column of each.

    Args:
        tables: tables of versions and of revisions.
        prefix: of the tables' names, such as STAGED.
    """
    known = list(tables)
    return {
        name: [(t.name, f"{prefix}{t.name}", t.key_column) for t in known if t.folder == folder]
        for name, folder in (("histories", "versions"), ("revised", "revisions"))
    }
