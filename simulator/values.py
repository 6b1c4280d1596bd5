"""Realistic personal values in their clean form, made with Mimesis."""

from __future__ import annotations

import re
from datetime import date, timedelta

from mimesis import Address, Person
from mimesis.enums import Gender
from mimesis.locales import Locale

from simulator.chance import Chance
from simulator.vocabulary import GENDERS

RARE_LAST_NAMES = ("McDonald", "O'Brien", "Smith-Jones", "De La Cruz", "Van Dyke", "O'Neill-Ruiz")
OLDEST_YEARS = 97
YOUNGEST_DAYS = 900
NPI_PREFIX = "80840"
_MIMESIS_GENDERS = {"Female": Gender.FEMALE, "Male": Gender.MALE}


class Values:
    """Makes names, addresses and identifiers; the same ones in the same order for a seed."""

    def __init__(self, seed: str, chance: Chance) -> None:
        self._chance = chance
        self._person = Person(Locale.EN, seed=seed)
        self._address = Address(Locale.EN, seed=seed)

    def gender(self) -> str | None:
        """Returns a gender; None when the hospital does not know it."""
        return self._chance.pick(GENDERS)

    def first_name(self, gender: str | None) -> str:
        """Returns a given name in proper case."""
        return _proper(self._person.first_name(gender=_MIMESIS_GENDERS.get(gender or "")))

    def last_name(self) -> str:
        """Returns a family name in proper case, now and then one of a difficult shape."""
        if self._chance.happens(0.03):
            return self._chance.choice(RARE_LAST_NAMES)
        return _proper(self._person.last_name())

    def initial(self) -> str | None:
        """Returns a middle initial, or None."""
        return self._chance.choice("ABCDEFGHJKLMNPRSTW") if self._chance.happens(0.8) else None

    def birth_date(self, today: date) -> date:
        """Returns a date of birth, never 29 February; the very young are left out."""
        span = OLDEST_YEARS * 365 - YOUNGEST_DAYS
        days = YOUNGEST_DAYS + int(span * self._chance.betavariate(1.3, 1.2))
        born = today - timedelta(days=days)
        return born if (born.month, born.day) != (2, 29) else born - timedelta(days=1)

    def ssn(self) -> str:
        """Returns a number of an area, group and serial that can be issued."""
        area = self._chance.between(1, 665)
        return f"{area:03}-{self._chance.between(1, 100):02}-{self._chance.between(1, 10000):04}"

    def phone(self) -> str:
        """Returns a telephone number in E.164."""
        return f"+1{self._chance.between(201, 990)}{self._chance.between(2_000_000, 9_999_999)}"

    def email(self, first_name: str, last_name: str) -> str:
        """Returns an address of an example domain in lower case."""
        name = re.sub("[^a-z.]", "", f"{first_name}.{last_name}".lower())
        domain = self._chance.choice(("example.com", "example.org", "mail.example.net"))
        return f"{name}{self._chance.below(1000)}@{domain}"

    def address(self) -> str:
        """Returns a postal address as one line that ends with the ZIP code."""
        place = self._address
        unit = f" Apt {self._chance.between(1, 90)}" if self._chance.happens(0.2) else ""
        plus_four = f"-{self._chance.between(1, 9999):04}" if self._chance.happens(0.05) else ""
        street = f"{place.street_number()} {place.street_name()} {place.street_suffix()}{unit}"
        return f"{street}, {place.city()}, {place.state(abbr=True)} {place.zip_code()}{plus_four}"

    def npi(self) -> str:
        """Returns a provider identifier with a right check digit (45 CFR 162.406)."""
        digits = f"{self._chance.choice('12')}{self._chance.below(10**8):08}"
        return digits + _luhn_digit(NPI_PREFIX + digits)


def _proper(name: str) -> str:
    initials = re.sub(r"(^|[ '\-])([a-z])", lambda found: found[1] + found[2].upper(), name)
    return re.sub(r"\bMc([a-z])", lambda found: "Mc" + found[1].upper(), initials)


def _luhn_digit(digits: str) -> str:
    """Returns the check digit to append (ISO/IEC 7812-1, annex B)."""
    doubled = [2 * int(digit) for digit in digits[::-2]]
    total = sum(value - 9 if value > 9 else value for value in doubled)
    return str(-(total + sum(int(digit) for digit in digits[-2::-2])) % 10)
