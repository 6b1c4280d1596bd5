"""National numbering plans: how a telephone number is written where a hospital is.

Source: ITU-T E.164 and the national plans that the ITU publishes (https://www.itu.int/oth/T0202).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PhonePlan:
    """How a region writes its numbers.

    Attributes:
        country_code: stands behind the + of an international number.
        trunk: digits that may be dialled before a number within the region; often none.
        shortest, longest: digits of a number without any of these.
    """

    country_code: str
    trunk: str
    shortest: int
    longest: int


_NORTH_AMERICA = PhonePlan("1", "1", 10, 10)

# By ISO 3166 code.
PHONE_PLANS = {
    "US": _NORTH_AMERICA,
    "CA": _NORTH_AMERICA,
    "PR": _NORTH_AMERICA,
    "AU": PhonePlan("61", "0", 9, 9),
    "FR": PhonePlan("33", "0", 9, 9),
    "GB": PhonePlan("44", "0", 9, 10),
    "IN": PhonePlan("91", "0", 10, 10),
    "MX": PhonePlan("52", "", 10, 10),
}
DEFAULT_PHONE_REGION = "US"
