"""Errors are messages to a person: what is wrong, where, and what to do about it.

A message carries names, keys and counts, never the values of a row and never a secret.
"""

from __future__ import annotations


class PipelineError(Exception):
    """Base of every error that this system raises on purpose.

    Attributes:
        what: what is wrong, without a full stop.
        where: file, source, table, column, line or key it concerns.
        remedy: what the reader should do.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        place = f" ({where})" if where else ""
        advice = f" {remedy.rstrip('.')}." if remedy else ""
        super().__init__(f"{what.rstrip('.')}{place}.{advice}")


class ConfigError(PipelineError):
    """A configuration file does not fit its model."""


class SourceError(PipelineError):
    """A source cannot be reached, or is not what its contract says."""


class SourceUnavailable(SourceError):
    """A source did not answer or broke off; the same call may succeed later."""


class FileRefused(PipelineError):
    """A delivered file is held as a whole; nothing of it was loaded.

    Attributes:
        reason: code of why, from the closed list in `utils.landing.files.REFUSALS`.
    """

    def __init__(self, what: str, *, reason: str = "", where: str = "", remedy: str = "") -> None:
        self.reason = reason
        super().__init__(what, where=where, remedy=remedy)


class StorageError(PipelineError):
    """An object cannot be listed, read or written."""


class StorageUnavailable(StorageError):
    """The store did not answer in time; the same call may succeed later."""


class ObjectChanged(StorageError):
    """An object was replaced while it was in use; the same call may succeed later."""


class WarehouseError(PipelineError):
    """A statement failed in BigQuery."""


class StateError(PipelineError):
    """The audit tables do not allow what was asked for."""
