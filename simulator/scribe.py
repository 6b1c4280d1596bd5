"""How hospitals and payers type clean values: the noise that cleansing has to undo.

Every form a method returns means the value it was given. None may become a blank.
"""

from __future__ import annotations

from datetime import date

from simulator.chance import Chance

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
SELF_PAY_FORMS = ("Self-Pay", "Self-pay", "self-pay", "Self Pay", "SELFPAY")


class Scribe:
    """Types the values of one row after the other; about one row in ten carelessly."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._messy = False

    def next_row(self) -> Scribe:
        """Starts a row and decides whether it is typed with care."""
        self._messy = self._chance.happens(MESSY_RATE)
        return self

    def code(self, value: str | None) -> str | None:
        """Types an identifier: in lower case, with blanks inside or invisible characters."""
        if not self._messy or not value:
            return self._blank(value)
        middle = len(value) // 2
        forms = (value.lower(), f" {value}", f"{value}  ", f"{value[:middle]} {value[middle:]}",
                 f"{value}\u00a0", f"\u200b{value}")  # fmt: skip
        return self._chance.choice(forms)

    def text(self, value: str | None) -> str | None:
        """Types words with too many blanks."""
        if not self._messy or not value:
            return self._blank(value)
        return self._chance.choice((f" {value}", f"{value} ", value.replace(" ", "  ")))

    def name(self, value: str | None) -> str | None:
        """Types a name in one case."""
        if not self._messy or not value:
            return self._blank(value)
        return self._chance.choice((value.upper(), value.lower(), f"  {value}", f"{value} "))

    def email(self, value: str | None) -> str | None:
        """Types an e-mail address in another case."""
        if not self._messy or not value:
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
        if not self._messy or not value:
            return self._blank(value)
        return self._chance.choice((value.replace("-", ""), f" {value} "))

    def gender(self, value: str | None) -> str | None:
        """Types a gender as a word or a letter."""
        return self._chance.choice(GENDER_FORMS[value]) if self._messy else value

    def npi(self, value: str) -> str:
        """Types a provider identifier with or without hyphens."""
        return f"{value[:3]}-{value[3:6]}-{value[6:]}" if self._messy else value

    def line_of_business(self, value: str | None) -> str | None:
        """Types a line of business; self-pay is spelled in many ways."""
        if value == "Self-Pay":
            return self._chance.choice(SELF_PAY_FORMS)
        return self.text(value)

    def claim_status(self, value: str) -> str:
        """Types a payer's decision in any case."""
        if not self._messy:
            return value
        return self._chance.choice((value.upper(), value.lower(), f" {value}"))

    def _blank(self, value: str | None) -> str | None:
        return "" if value is None and self._messy else value


def money(cents: int) -> str:
    """Types an amount of cents as dollars with two decimals."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"


def day(value: date | None) -> str | None:
    """Types a date as YYYY-MM-DD."""
    return None if value is None else value.isoformat()
