"""One spelling per value, whoever typed it."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from spark_jobs.transforms.normalise import cleaned, normalisers, says_unknown

NORMALISERS = normalisers("US")
NBSP, ZERO_WIDTH, BOM = "\u00a0", "\u200b", "\ufeff"

SPELLINGS: dict[str, list[tuple[str | None, str | None]]] = {
    "id": [
        ("00Qab1", "00Qab1"),
        ("AB 12", "AB 12"),
        ("AB  12", "AB  12"),
        ("AB1 2", "AB1 2"),
        (f"{BOM} A1{NBSP}{ZERO_WIDTH}\t", "A1"),
        (f"A{NBSP}1", f"A{NBSP}1"),
        (f"A{ZERO_WIDTH}1", f"A{ZERO_WIDTH}1"),
        ("\uff211", "\uff211"),
        ("e\u0301", "e\u0301"),
        ("0012", "0012"),
        ("-", "-"),
        (f" {NBSP}{ZERO_WIDTH}", None),
        ("", None),
        (None, None),
    ],
    "code": [
        ("abc-1", "ABC-1"),
        ("  hosp1 - 0001 ", "HOSP1-0001"),
        (f"{BOM}A{ZERO_WIDTH}1{NBSP}", "A1"),
        ("\tA\r\n1", "A1"),
        ("\uff21\uff11\uff12", "A12"),
        ("0012", "0012"),
        ("1.23E+15", "1.23E+15"),
        ("", None),
        (f" {NBSP}{ZERO_WIDTH}", None),
        (None, None),
    ],
    "text": [
        ("  two   words ", "two words"),
        (f"a{NBSP}b\tc\nd", "a b c d"),
        (f"x{ZERO_WIDTH}y", "xy"),
        ("=cmd|'/C calc'!A0", "=cmd|'/C calc'!A0"),
        ("日本 語", "日本 語"),
        ("👩‍⚕️", "👩⚕️"),
        (" \u3000 ", None),
        (None, None),
    ],
    "person_name": [
        ("JOHN", "John"),
        ("mary ann", "Mary Ann"),
        ("mcdonald", "McDonald"),
        ("MCDONALD", "McDonald"),
        ("Mcdonald", "McDonald"),
        ("o'brien", "O'Brien"),
        ("O\u2019BRIEN", "O\u2019Brien"),
        ("smith-jones", "Smith-Jones"),
        ("de la Cruz", "De La Cruz"),
        ("o'neill-mcruiz", "O'Neill-McRuiz"),
        ("DeShawn", "DeShawn"),
        ("B", "B"),
        ("j.r.", "J.R."),
        ("ÉLODIE", "Élodie"),
        ("3rd", "3rd"),
        (" ", None),
        (None, None),
    ],
    "email": [
        (" Ann.Lee@Example.COM ", "ann.lee@example.com"),
        ("a+b@mail.example.org", "a+b@mail.example.org"),
        ("no-at.example.com", None),
        ("a@b", None),
        ("a@@example.com", None),
        ("a b@example.com", None),
        ("a@example..com", None),
        ("", None),
    ],
    "phone": [
        ("(703)210-5078x2916", "+17032105078"),
        ("+1-630-829-7585x0769", "+16308297585"),
        ("001-630-829-7585", "+16308297585"),
        ("456.746.7289 ext. 12", "+14567467289"),
        ("456 746 7289 EXT12", "+14567467289"),
        ("4902994299", "+14902994299"),
        ("1 490 299 4299", "+14902994299"),
        ("1234567890", "+11234567890"),
        ("829-7585", None),
        ("2902994299123", None),
        ("+44 20 7946 0958", None),
        ("+49 30 123456", None),
        ("(+33) 1 23 45 67 8", None),
        ("+1 (703) 210-5078", "+17032105078"),
        ("call her", None),
        (None, None),
    ],
    "ssn": [
        ("188-23-9828", "188-23-9828"),
        ("188239828", "188-23-9828"),
        (" 188 23 9828 ", "188-23-9828"),
        ("000-12-3456", None),
        ("666-12-3456", None),
        ("900-12-3456", None),
        ("188-00-9828", None),
        ("188-23-0000", None),
        ("18-23-9828", None),
        ("188-23-982X", None),
        (None, None),
    ],
    "gender": [
        ("M", "Male"),
        ("female", "Female"),
        (" FEMALE ", "Female"),
        ("o", "Other"),
        ("U", None),
        ("unknown", None),
        ("x", None),
        ("", None),
    ],
    "npi": [
        ("1265568618", "1265568618"),
        ("126-556-8618", "1265568618"),
        ("65568618", "0065568618"),
        ("265568618", "0265568618"),
        ("1234567", None),
        ("12345678901", None),
        (None, None),
    ],
    "line_of_business": [
        ("self-pay", "Self-Pay"),
        ("Self Pay", "Self-Pay"),
        ("SELFPAY", "Self-Pay"),
        ("self_pay", "Self-Pay"),
        ("medicare", "Medicare"),
        ("COMMERCIAL", "Commercial"),
        ("workers  comp", "Workers Comp"),
        ("", None),
    ],
    "claim_status": [
        ("PAID", "Paid"),
        (" pending", "Pending"),
        ("approved", "Approved"),
        ("Denied", "Denied"),
        ("rejected", "Rejected"),
        ("lost", None),
        (None, None),
    ],
}
CASES = [
    (rule, position, raw, spelling)
    for rule, pairs in SPELLINGS.items()
    for position, (raw, spelling) in enumerate(pairs)
]


@pytest.fixture(scope="module")
def spelled(spark: SparkSession) -> dict[tuple[str, int], str | None]:
    """What each rule makes of each of its cases, in one query per rule."""
    found = {}
    for rule, pairs in SPELLINGS.items():
        raw = [(position, text) for position, (text, _) in enumerate(pairs)]
        rows = spark.createDataFrame(raw, "position int, raw string")
        spelling = NORMALISERS[rule](cleaned(F.col("raw"), rule)).alias("spelling")
        for row in rows.select("position", spelling).collect():
            found[rule, row["position"]] = row["spelling"]
    return found


@pytest.mark.parametrize(
    ("rule", "position", "raw", "spelling"),
    CASES,
    ids=[f"{rule}-{raw!a}" for rule, _, raw, _ in CASES],
)
def test_a_value_has_one_spelling(
    spelled: dict[tuple[str, int], str | None],
    rule: str,
    position: int,
    raw: str | None,
    spelling: str | None,
) -> None:
    assert spelled[rule, position] == spelling


def test_a_spelling_is_spelled_as_itself(spark: SparkSession) -> None:
    for rule, pairs in SPELLINGS.items():
        words = [(spelling,) for _, spelling in pairs if spelling is not None]
        rows = spark.createDataFrame(words, "word string")
        spelled_again = NORMALISERS[rule](cleaned(F.col("word"), rule))
        again = rows.where(~F.col("word").eqNullSafe(spelled_again))
        assert again.collect() == [], rule


# Regions' examples are numbers that the regulators keep for fiction, or ministries' own.
PHONES = [
    ("GB", "020 7946 0958", "+442079460958"),
    ("GB", "+44 (0)20 7946 0958", "+442079460958"),
    ("GB", "0044 20 7946 0958", "+442079460958"),
    ("GB", "+1 703 210 5078", None),
    ("FR", "01 99 00 12 34", "+33199001234"),
    ("FR", "(+33) 1 99 00 12 34", "+33199001234"),
    ("AU", "(02) 5550 1234", "+61255501234"),
    ("IN", "98765 43210", "+919876543210"),
    ("MX", "55 1234 5678", "+525512345678"),
    ("MX", "+52 55 1234 5678 ext. 9", "+525512345678"),
    ("MX", "703 210 507", None),
    ("CA", "(613) 555-0123", "+16135550123"),
    ("PR", "+1 787 555 0123", "+17875550123"),
]


def test_a_number_without_a_country_code_is_one_of_the_hospitals_region(
    spark: SparkSession,
) -> None:
    for region in {region for region, *_ in PHONES}:
        pairs = [(raw, spelling) for at, raw, spelling in PHONES if at == region]
        spelling = normalisers(region)["phone"](cleaned(F.col("raw"), "phone")).alias("spelling")
        rows = spark.createDataFrame(pairs, "raw string, spelling string").select("raw", spelling)
        assert [(row["raw"], row["spelling"]) for row in rows.collect()] == pairs


@pytest.mark.parametrize(
    ("rule", "raw", "is_unknown"),
    [
        ("gender", "Unknown", True),
        ("gender", "u", True),
        ("gender", "x", False),
        ("ssn", "u", False),
    ],
)
def test_a_gender_may_be_said_to_be_unknown(
    spark: SparkSession, rule: str, raw: str, is_unknown: bool
) -> None:
    rows = spark.createDataFrame([(raw,)], "raw string")
    assert rows.select(says_unknown(F.col("raw"), rule)).collect()[0][0] is is_unknown
