"""Spelling rules: how a cleansed value is written, whoever typed it.

Each rule takes a cleaned text (see `clean`) and returns the one spelling, NULL where it does not
fit. Patterns spell out their characters, because the shorthand classes of regular expressions
differ between engines; higher-order functions are avoided, because Sail cannot filter on them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from pyspark.sql import Column
from pyspark.sql import functions as F

from utils.batch.phone_plans import PHONE_PLANS, PhonePlan

_BLANKS = "\t\n\x0b\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_UNSEEN = "\x00-\x08\x0e-\x1f\x7f\u00ad\u200b-\u200d\u2060\ufeff"
_WHITESPACE, _INVISIBLE = f"[{_BLANKS}]+", f"[{_UNSEEN}]"
_EDGES = f"^[{_BLANKS}{_UNSEEN}]+|[{_BLANKS}{_UNSEEN}]+$"
_FULL_WIDTH = "".join(chr(code) for code in range(0xFF01, 0xFF5F))
_HALF_WIDTH = "".join(chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F))
_SEPARATOR = r"[^\p{L}\p{N}\x01]"
_BREAK = "\x01 "  # never in a cleansed text, where control characters are removed

IDENTIFIER = "id"
ROUNDED = "\u2248"  # before a float that may stand for several whole numbers, or for none
_EMAIL = r"^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$"  # noqa: E501
_GENDERS = {"m": "Male", "f": "Female", "o": "Other"}
_UNKNOWN_GENDERS = ("u", "unknown")
_CLAIM_STATUSES = ("pending", "approved", "paid", "denied", "rejected")


def clean(value: Column) -> Column:
    """Words separated by one blank, without invisible characters; NULL if nothing is left."""
    visible = F.regexp_replace(value, _INVISIBLE, "")
    words = F.trim(F.regexp_replace(visible, _WHITESPACE, " "))
    return F.when(words != "", words)


def trim(value: Column) -> Column:
    """The characters between the first and the last that is visible; NULL if there is none."""
    visible = F.regexp_replace(value, _EDGES, "")
    return F.when(visible != "", visible)


def cleaned(value: Column, rule: str | None) -> Column:
    """A text as its spelling rule takes it: an identifier only loses what surrounds it."""
    return trim(value) if rule == IDENTIFIER else clean(value)


def text(value: Column) -> Column:
    """Free text: as cleaned."""
    return value


def identifier(value: Column) -> Column:
    """A number or name that somebody assigned: to the character as it was assigned.

    Whether `ab1` and `AB1`, or `AB 12` and `AB1 2`, are one is known to who assigns them only.
    """
    return F.when(~value.startswith(ROUNDED), value)


def payer(value: Column) -> Column:
    """A payer's name, as cleaned. Payers are told apart by it in upper case, see `key_text`."""
    return value


def key_text(value: Column, rule: str | None) -> Column:
    """What a value is within a key: names that differ in case only are one payer."""
    return F.upper(value) if rule == "payer" else value


def code(value: Column) -> Column:
    """A code of a published list: no blanks, upper case."""
    return F.upper(_compact(value))


def keyword(value: Column) -> Column:
    """A word of a fixed list: no blanks, lower case."""
    return F.lower(_compact(value))


def person_name(value: Column) -> Column:
    """A name in proper case; one typed in mixed case with capital initials stays (`DeShawn`)."""
    uniform = (value == F.upper(value)) | (value == F.lower(value))
    badly_cased = value.rlike(rf"(^|{_SEPARATOR})(\p{{Ll}}|Mc\p{{Ll}})")
    return F.when(uniform | badly_cased, _proper_case(value)).otherwise(value)


def email(value: Column) -> Column:
    """An e-mail address in lower case (the HTML standard's pattern, with a dot in the domain)."""
    address = F.lower(value)
    return F.when(address.rlike(_EMAIL), address)


def phone(value: Column, plan: PhonePlan) -> Column:
    """A number of the hospital's region in E.164; an extension is dropped.

    A number with another country's code (`+49 30 123456`) does not fit, however many digits it has.
    """
    number = _compact(F.regexp_replace(F.lower(value), "(ext|x|#).*$", ""))
    # The trunk digit of `+44 (0)20 7946 0958` is not dialled from abroad.
    digits = F.regexp_replace(F.regexp_replace(number, r"\(0\)", ""), "[^0-9]", "")
    code, line = plan.country_code, f"([0-9]{{{plan.shortest},{plan.longest}}})$"
    international = F.regexp_extract(digits, f"^({code}){line}", 2)
    dialled = F.regexp_extract(digits, f"^(00{code}|{code}|{plan.trunk})?{line}", 2)
    is_international = number.rlike("^[(]?[+]")
    found = F.when(is_international, international).otherwise(dialled)
    return F.when(found != "", F.concat(F.lit(f"+{code}"), found))


def ssn(value: Column) -> Column:
    """A social security number as NNN-NN-NNNN.

    Areas 000, 666 and 900-999, group 00 and serial 0000 are never issued (SSA POMS RM 10201.035).
    """
    digits = F.regexp_replace(_compact(value), "[.-]", "")
    never_issued = digits.rlike("^(000|666|9)") | digits.rlike("^...00") | digits.rlike("0000$")
    parts = [F.substring(digits, 1, 3), F.substring(digits, 4, 2), F.substring(digits, 6, 4)]
    return F.when(digits.rlike("^[0-9]{9}$") & ~never_issued, F.concat_ws("-", *parts))


def gender(value: Column) -> Column:
    """Male, Female or Other; an unknown gender is NULL."""
    word = F.lower(_compact(value))
    spelling = F.lit(None).cast("string")
    for letter, name in _GENDERS.items():
        spelling = F.when(word.isin(letter, name.lower()), F.lit(name)).otherwise(spelling)
    return spelling


def npi(value: Column) -> Column:
    """A provider identifier of ten digits; leading zeros that a spreadsheet ate come back."""
    digits = F.regexp_replace(_compact(value), "[^0-9]", "")
    return F.when(digits.rlike("^[0-9]{8,10}$"), F.lpad(digits, 10, "0"))


def line_of_business(value: Column) -> Column:
    """A line of business in proper case; self-pay is spelled in one way."""
    words = _proper_case(value)
    return F.when(F.lower(words).rlike("^self[ _-]?pay$"), F.lit("Self-Pay")).otherwise(words)


def claim_status(value: Column) -> Column:
    """Pending, Approved, Paid, Denied or Rejected."""
    word = F.lower(_compact(value))
    return F.when(word.isin(*_CLAIM_STATUSES), _proper_case(word))


def says_unknown(value: Column, rule: str | None) -> Column:
    """Whether a text says that the value is not known, so that NULL is what it means."""
    return F.lower(_compact(value)).isin(*_UNKNOWN_GENDERS) if rule == "gender" else F.lit(False)


def normalisers(phone_region: str) -> Mapping[str, Callable[[Column], Column]]:
    """The rules by name, as a source of a region is read."""
    return {
        IDENTIFIER: identifier,
        "payer": payer,
        "code": code,
        "keyword": keyword,
        "text": text,
        "person_name": person_name,
        "email": email,
        "phone": partial(phone, plan=PHONE_PLANS[phone_region]),
        "ssn": ssn,
        "gender": gender,
        "npi": npi,
        "line_of_business": line_of_business,
        "claim_status": claim_status,
    }


ACCEPT_ANY_TEXT = frozenset(
    {None, "payer", "code", "keyword", "text", "person_name", "line_of_business"}
)


def _compact(value: Column) -> Column:
    """Removes blanks and makes full-width characters plain."""
    return F.translate(value, _FULL_WIDTH + " ", _HALF_WIDTH)


def _proper_case(value: Column) -> Column:
    """Capitals after everything but letters and digits, and after the prefix Mc.

    A blank is put before each letter to raise, as `initcap` raises after blanks on every engine.
    """
    after_mc = F.regexp_replace(F.lower(value), rf"((^|{_SEPARATOR})mc)", f"$1{_BREAK}")
    broken = F.regexp_replace(after_mc, f"({_SEPARATOR})", f"$1{_BREAK}")
    return F.replace(F.initcap(broken), F.lit(_BREAK), F.lit(""))
