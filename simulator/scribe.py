"""How hospitals and payers type clean values: the noise that cleansing has to undo.

Every form a method returns means the value it was given. None may become a blank.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from simulator.chance import Chance
from simulator.clock import local_text
from simulator.defects import DefectRates

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
INSTANT, TIME = "instant", "time"
CENTS = 100
INVISIBLE_FORMS = ("\u00a0{}", "{}\u00a0", "\u200b{}", "{}\x0b")
Kinds = tuple[str, ...]
Writer = Callable[[Any], str | None]
SELF_PAY_FORMS = ("Self-Pay", "Self-pay", "self-pay", "Self Pay", "SELFPAY")


class Scribe:
    """Types the values of one row after the other; about one row in ten carelessly."""

    def __init__(self, chance: Chance, rates: DefectRates) -> None:
        self._chance = chance
        self._rates = rates
        exact: dict[str, Writer] = {
            "day": day, "money": money, "count": str, "phone": self.phone,
            "line_of_business": self.line_of_business, "date": self.date, "amount": self.amount,
        }  # fmt: skip
        careless = (
            self.code, self.text, self.name, self.email, self.ssn, self.gender, self.npi,
            self.claim_status,
        )  # fmt: skip
        methods: dict[str, Writer] = {method.__name__: method for method in careless}
        self._writers = {False: exact, True: methods | exact}
        self._layouts: dict[tuple[Kinds, bool], list[tuple[int, Writer]]] = {}
        self._messy = False

    def type(
        self, kinds: Kinds, values: Sequence[Any], at: datetime, zone: ZoneInfo
    ) -> list[str | None]:
        """Returns the values of a row as text, and at their end the time at which it is written.

        `kinds` says how each is typed.
        """
        self._messy = self._chance.happens(MESSY_RATE)
        say = self.time if kinds[-1] == TIME else local_text
        typed, written = list(values), say(at, zone)
        for place, write in self._layouts.get((kinds, self._messy)) or self._layout(kinds):
            typed[place] = write(typed[place])
        if kinds[-1] in {INSTANT, TIME}:
            entered = typed[-1]
            typed[-1] = written if entered is at else say(entered, zone)
        typed.append(written)
        return typed

    def _layout(self, kinds: Kinds) -> list[tuple[int, Writer]]:
        """Returns which places of such a row are not typed as they are, and how."""
        writers = self._writers[self._messy]
        layout = [(place, writers[kind]) for place, kind in enumerate(kinds) if kind in writers]
        self._layouts[kinds, self._messy] = layout
        return layout

    def code(self, value: str | None) -> str | None:
        """Types an identifier with blanks or invisible characters around it."""
        if not value:
            return self._blank(value)
        forms = (f" {value}", f"{value}  ", f"{value}\u00a0", f"\u200b{value}")
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

    def date(self, value: date | None) -> str | None:
        """Types a date in a file, now and then with the midnight that a spreadsheet adds."""
        if value is None or not self._chance.happens(self._rates.day_with_midnight):
            return day(value)
        return f"{value.isoformat()} 00:00:00"

    def amount(self, cents: int | None) -> str | None:
        """Types an amount in a file: without a zero before the point, with invisible characters."""
        typed = money(cents)
        if typed is None:
            return None
        if abs(cents or 0) < CENTS and self._chance.happens(self._rates.amount_without_zero):
            typed = typed.replace("0.", ".", 1)
        if self._chance.happens(self._rates.invisible_in_amount):
            typed = self._chance.choice(INVISIBLE_FORMS).format(typed)
        return typed

    def time(self, at: datetime, zone: ZoneInfo) -> str:
        """Types an instant in a file, as one of many systems writes it."""
        typed = local_text(at, zone)
        if not self._chance.happens(self._rates.time_in_another_spelling):
            return typed
        offset = f"{at.astimezone(zone):%z}"
        forms = (f"{typed}.0000000", typed.replace(" ", "T"), f"{typed}{offset}",
                 f"{typed}{offset[:3]}:{offset[3:]}", f"{at:%Y-%m-%d %H:%M:%S} UTC",
                 f"{at:%Y-%m-%dT%H:%M:%S}Z")  # fmt: skip
        return self._chance.choice(forms)

    def _blank(self, value: str | None) -> str | None:
        return "" if value is None and self._messy else value


def money(cents: int | None) -> str | None:
    """Types an amount of cents as dollars with two decimals."""
    if cents is None:
        return None
    return f"{cents / 100:.2f}"  # exact: a double holds far more digits than money has


def day(value: date | None) -> str | None:
    """Types a date as YYYY-MM-DD."""
    return None if value is None else value.isoformat()
