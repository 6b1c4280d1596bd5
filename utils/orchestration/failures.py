"""Why a task failed, in words that hold no value of a row."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from google.api_core.exceptions import GoogleAPICallError

from utils.errors import PipelineError
from utils.gcp import failures
from utils.paths import ROOT

if TYPE_CHECKING:
    from traceback import FrameSummary


def in_words(error: object) -> str:
    """The message of our own errors; of any other its kind and the line of ours that met it.

    The message of an error that nobody expected may quote a row: a driver's, a parser's and
    BigQuery's do.
    """
    if isinstance(error, PipelineError):
        return str(error)
    if not isinstance(error, BaseException):
        return "The task ended without an error of its own. Its log says more."
    told = (
        failures.in_words(error)
        if isinstance(error, GoogleAPICallError)
        else ".".join(filter(None, [_package(error), type(error).__name__]))
    )
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_ours(frame)]
    place = f" in {_file(frames[-1])}:{frames[-1].lineno}" if frames else ""
    return f"{told}{place}. The task's log says more."


def _package(error: BaseException) -> str:
    name = type(error).__module__.partition(".")[0]
    return "" if name == "builtins" else name


def _is_ours(frame: FrameSummary) -> bool:
    return Path(frame.filename).is_relative_to(ROOT) and ".local" not in _file(frame)


def _file(frame: FrameSummary) -> str:
    return str(Path(frame.filename).relative_to(ROOT))
