"""What may be told of a statement that BigQuery refused: our own words, or else where to read more.

BigQuery quotes values of rows in its messages, as in "Bad int64 value: 123-45-6789". Only the text
of a RAISE in `sql/` holds names, keys and counts alone, and it begins with a marker.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.api_core.exceptions import GoogleAPICallError

MARKER = "RCM: "
_OURS = re.compile(rf"^(?:Query error: )?{MARKER}(.*?)(?: at \[\d+:\d+\])?$", re.DOTALL)


def in_words(error: GoogleAPICallError) -> str:
    """Says what a failed job complains of, without the value of any row.

    Returns:
        The text of our own RAISE; of any other failure its kind, BigQuery's reason and the job in
        whose record the whole message stands.
    """
    told = error.errors[0] if error.errors and isinstance(error.errors[0], dict) else {}
    if ours := _OURS.match(str(told.get("message", ""))):
        return ours[1]
    job = getattr(error, "query_job", None)
    place = f", job {job.job_id}" if job else ""
    return f"{type(error).__name__} ({told.get('reason', error.code)}{place})"
