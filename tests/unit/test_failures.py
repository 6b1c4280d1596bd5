"""What audit tells of a task that failed: why, and no value of a row."""

from __future__ import annotations

import pytest
from google.api_core.exceptions import BadRequest, GoogleAPICallError

from utils.contracts.entities import entities
from utils.errors import SourceError, WarehouseError
from utils.orchestration.failures import in_words
from utils.silver.names import histories

SSN = "123-45-6789"


class Job:
    job_id = "publish_silver-1"


def refused(message: str, reason: str = "invalidQuery") -> GoogleAPICallError:
    """The library's error of a query job that failed with a message."""
    error = BadRequest(message, errors=[{"message": message, "reason": reason}])
    error.query_job = Job()  # type: ignore[attr-defined]
    return error


def test_our_own_error_is_quoted() -> None:
    assert in_words(SourceError("A is down", where="hospital_a")) == "A is down (hospital_a)."
    assert "3 rows" in in_words(WarehouseError("gold.x: unique failed for 3 rows", where="job 1"))


@pytest.mark.parametrize("place", ["", " at [812:3]"])
def test_text_of_our_own_raise_is_quoted_without_its_marker(place: str) -> None:
    error = refused(f"Query error: RCM: Loads do not balance: hospital_a.claims{place}")

    assert in_words(error).startswith("Loads do not balance: hospital_a.claims. ")


@pytest.mark.parametrize(
    "message",
    [
        f"Query error: Bad int64 value: {SSN} at [3:1]",
        f"Query error: Bad int64 value: RCM: {SSN} at [3:1]",
        f"Could not cast literal '{SSN}' to type DATE",
    ],
)
def test_bigquery_s_own_message_may_quote_a_row_so_the_job_is_named(message: str) -> None:
    told = in_words(refused(message))

    assert SSN not in told
    assert told.startswith("BadRequest (invalidQuery, job publish_silver-1)")


def test_error_that_nobody_expected_names_its_kind_and_our_line() -> None:
    with pytest.raises(KeyError) as raised:
        entities()[SSN]
    told = in_words(raised.value)

    assert SSN not in told
    assert told.startswith("KeyError")


def test_place_is_the_innermost_line_of_ours() -> None:
    with pytest.raises(AttributeError) as raised:
        histories([SSN])  # type: ignore[list-item]

    assert in_words(raised.value).startswith("AttributeError in utils/silver/names.py:")


def test_error_without_an_object_quotes_nothing() -> None:
    assert SSN not in in_words(f"failed on {SSN}")
