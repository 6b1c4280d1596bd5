"""The local environment: the services that stand in for Google Cloud, and the one-shot run."""

from __future__ import annotations

from local.client import environment

__all__ = ["environment"]
