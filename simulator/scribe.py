"""How hospitals and payers type clean values: the noise that cleansing has to undo.

Every form a method returns means the value it was given. None may become a blank.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from simulator.chance import Chance
from simulator.clock import local_text

MESSY_RATE = 0.1
PHONE_SHAPES = (
    "{area}{exchange}{line}", "({area}){exchange}-{line}", "({area}) {exchange}-{line}",
    "{area}-{exchange}-{line}", "{area}.{exchange}.{line}", "+1-{area}-{exchange}-{line}",
    "001-{area}-{exchange}-{line}", "1{area}{exchange}{line}",
)  # fmt: skip
PHONE_EXTENSIONS = ("", "", "", "x{number}", "x0{number}", " ext. {number}")
GENDER_FORMS: dict[str | None, tuple[str | None, ...]] = {
    "Female": ("Female", "F", "f", " FEMALE", "female "),
    "Male": ("Male", "M", "m", "MALE ", " male"),
    "Other": ("Other", "O", "other"),
    None: (None, "", "U", "Unknown", "unknown"),
}
Writer = Callable[[Any], str | None] | None
SELF_PAY_FORMS = ("Self-Pay", "Self-pay", "self-pay", "Self Pay", "SELFPAY")


class Scribe:
    """Types the values of one row after the other; about one row in ten carelessly."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        exact: dict[str, Writer] = {
            "word": None, "day": day, "money": money, "count": str, "phone": self.phone,
            "line_of_business": self.line_of_business,
        }  # fmt: skip
        careless = (
            self.code, self.text, self.name, self.email, self.ssn, self.gender, self.npi,
            self.claim_status,
        )  # fmt: skip
        self._careful = {method.__name__: None for method in careless} | exact
        self._careless = {method.__name__: method for method in careless} | exact
        self._messy = False

    def type(
        self, kinds: Sequence[str], values: Sequence[Any], zone: ZoneInfo
    ) -> list[str | None]:
        """Returns the values of a row as text; `kinds` says how each is typed."""
        self._messy = self._chance.happens(MESSY_RATE)
        writers = self._careless if self._messy else self._careful
        writers["instant"] = lambda at: local_text(at, zone)
        return [
            value if (write := writers[kind]) is None else write(value)
            for kind, value in zip(kinds, values, strict=True)
        ]

    def code(self, value: str | None) -> str | None:
        """Types an identifier: in lower case, with blanks inside or invisible characters."""
        if not value:
            return self._blank(value)
        middle = len(value) // 2
        forms = (value.lower(), f" {value}", f"{value}  ", f"{value[:middle]} {value[middle:]}",
                 f"{value}\u00a0", f"\u200b{value}")  # fmt: skip
        return self._chance.choice(forms)

    def text(self, value: str | None) -> str | None:
        """Types words with too many blanks."""
        if not value:
            return self._blank(value)
        return self._chance.choice((f" {value}", f"{value} ", value.replace(" ", "  ")))

    def name(self, value: str | None) -> str | None:
        """Types a name in one case."""
        if not value:
            return self._blank(value)
        return self._chance.choice((value.upper(), value.lower(), f"  {value}", f"{value} "))

    def email(self, value: str | None) -> str | None:
        """Types an e-mail address in another case."""
        if not value:
            return self._blank(value)
        return self._chance.choice((value.upper(), value.title(), f" {value} "))

    def phone(self, value: str | None) -> str | None:
        """Types an E.164 number in one of many shapes; anything else as it is."""
        if value is None or not value.startswith("+1"):
            return self._blank(value)
        shape = self._chance.choice(PHONE_SHAPES) + self._chance.choice(PHONE_EXTENSIONS)
        number = self._chance.between(100, 9999)
        return shape.format(area=value[2:5], exchange=value[5:8], line=value[8:], number=number)

    def ssn(self, value: str | None) -> str | None:
        """Types a social security number with or without hyphens."""
        if not value:
            return self._blank(value)
        return self._chance.choice((value.replace("-", ""), f" {value} "))

    def gender(self, value: str | None) -> str | None:
        """Types a gender as a word or a letter."""
        return self._chance.choice(GENDER_FORMS[value])

    def npi(self, value: str) -> str:
        """Types a provider identifier with or without hyphens."""
        return f"{value[:3]}-{value[3:6]}-{value[6:]}"

    def line_of_business(self, value: str | None) -> str | None:
        """Types a line of business; self-pay is spelled in many ways."""
        if value == "Self-Pay":
            return self._chance.choice(SELF_PAY_FORMS)
        return self.text(value) if self._messy else value

    def claim_status(self, value: str) -> str:
        """Types a payer's decision in any case."""
        return self._chance.choice((value.upper(), value.lower(), f" {value}"))

    def _blank(self, value: str | None) -> str | None:
        return "" if value is None and self._messy else value


def money(cents: int | None) -> str | None:
    """Types an amount of cents as dollars with two decimals."""
    if cents is None:
        return None
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"


def day(value: date | None) -> str | None:
    """Types a date as YYYY-MM-DD."""
    return None if value is None else value.isoformat()
