"""The members of dimensions that records refer to, and their versions in force on a day."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime
from typing import NamedTuple

from simulator.clock import local_day
from simulator.shelf import Version
from simulator.truth.keys import UNKNOWN, surrogate, version_key
from simulator.truth.published import Published

OPEN_END = datetime(9999, 12, 31, tzinfo=UTC)


class Member(NamedTuple):
    """A member of a dimension and its version in force on a day, by their keys."""

    key: str
    version_key: str


class Period(NamedTuple):
    """A version and when the next one begins; it is current if there is none."""

    version: Version
    expiry_date: datetime
    is_current: bool


NOBODY = Member(UNKNOWN, UNKNOWN)


class Members:
    """The members of one dimension.

    A version holds from the day of its change on, where the hospital is, the first one since ever.
    """

    def __init__(self, published: Published, entity: str) -> None:
        self._versions: dict[str, list[Version]] = {}
        for version in published.versions(entity):
            self._versions.setdefault(version.values[0], []).append(version)
        self._days = {
            record_id: [
                local_day(version.effective_date, version.source_system) for version in versions[1:]
            ]
            for record_id, versions in self._versions.items()
        }

    def __contains__(self, record_id: object) -> bool:
        """Whether there is such a member."""
        return record_id in self._versions

    def key(self, record_id: str | None) -> str:
        """Returns the key of a member, `unknown` if it is not there."""
        versions = self._versions.get(record_id or "")
        return surrogate(versions[0].source_system, versions[0].values[0]) if versions else UNKNOWN

    def on(self, record_id: str | None, day: date) -> Member:
        """Returns a member as it was on a day, NOBODY if it is not there."""
        versions = self._versions.get(record_id or "")
        if not versions or record_id is None:
            return NOBODY
        version = versions[bisect_right(self._days[record_id], day)]
        since = version.effective_date
        return Member(self.key(record_id), version_key(version.source_system, record_id, since))

    def periods(self) -> list[Period]:
        """Returns all versions of all members."""
        return [
            Period(version, after.effective_date if after else OPEN_END, after is None)
            for versions in self._versions.values()
            for version, after in zip(versions, [*versions[1:], None], strict=True)
        ]
