"""Accounts on which a hospital's journal and the totals on its charges differ, and why.

The cause comes from what the simulator knows to have happened to the charge and its postings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from simulator.clock import local_day
from simulator.counting import grouped
from simulator.model import Posting, Transaction
from simulator.truth.published import Published
from simulator.vocabulary import SELF_PAY

POSTING_HELD = "posting_held"
CHARGE_HELD, CHARGE_DELETED, CHARGE_NOT_FOUND = "charge_held", "charge_deleted", "charge_not_found"
BETWEEN_BOUNDS, KIND_DIFFERS, UNEXPLAINED = "between_bounds", "kind_differs", "unexplained"
CAUSES = (POSTING_HELD, CHARGE_HELD, CHARGE_DELETED, CHARGE_NOT_FOUND, "journal_not_landed",
          BETWEEN_BOUNDS, KIND_DIFFERS, UNEXPLAINED)  # fmt: skip


class Item(NamedTuple):
    """An account that does not tie.

    `difference` is cents of the journal beyond the charge, `amount` those in question: where the
    balance ties, what the two call differently.
    """

    transaction_id: str
    cause: str
    since: date
    difference: int
    amount: int


def reconciling_items(published: Published) -> list[Item]:
    """Returns the accounts that do not tie at the end of the business date.

    What a posting that a rule holds would have posted is missing in the journal.
    """
    held = published.held_ids("transactions")
    accounts = grouped(published.postings, lambda line: line.transaction_id)
    items = []
    for account in dict.fromkeys([*accounts, *published.held_postings]):
        lines = accounts.get(account, [])
        charge = published.charges.get(account)
        kinds = _kinds(lines, charge)
        difference = sum(kinds.values())
        apart = max(map(abs, kinds.values()), default=0) if charge else 0
        if not difference and not apart:
            continue
        if account in held:
            cause = CHARGE_HELD
        elif not difference:
            cause = KIND_DIFFERS
        elif account in published.in_flight:
            cause = BETWEEN_BOUNDS
        else:
            cause = UNEXPLAINED if charge else CHARGE_NOT_FOUND
        changes = [published.changed_at("postings")[line.posting_id] for line in lines]
        if charge:
            changes.append(published.changed_at("transactions")[account])
        since = local_day(max(changes), published.name)
        missing = -published.held_postings[account]
        rest = difference - missing
        if missing:
            items.append(Item(account, POSTING_HELD, since, missing, abs(missing)))
        if rest or not difference:
            items.append(Item(account, cause, since, rest, abs(rest) or apart))
    return items


def deletions(published: Published) -> dict[str, int]:
    """Returns the charges that the next comparison of keys finds deleted, with their difference.

    A deletion takes the charge out of both books, and what was posted on it out of one: the
    account is then an item `charge_deleted` of these cents.
    """
    accounts = grouped(published.postings, lambda line: line.transaction_id)
    return {
        account: sum(_kinds(accounts.get(account, ()), None).values())
        + published.held_postings[account]
        for account in published.removed("transactions")
    }


def _kinds(lines: Iterable[Posting], charge: Transaction | None) -> Counter[str]:
    """Returns the cents by which journal and charge differ in what was settled, by kind."""
    kinds: Counter[str] = Counter()
    for line in lines:
        if line.posting_kind != "transfer":
            kinds[_settled_kind(line)] += line.amount
    if charge:
        kinds["payment"] += charge.paid_amount
        kinds["patient_payment"] += charge.patient_paid_amount
        kinds["contractual"] += charge.adjustment_amount
        kinds["write_off"] += charge.write_off_amount
    return kinds


def _settled_kind(line: Posting) -> str:
    """What goes back to who paid is less of the payment."""
    if line.posting_kind == "takeback":
        return "payment"
    if line.posting_kind == "refund":
        return "patient_payment" if line.payer_id == SELF_PAY else "payment"
    return line.posting_kind
