"""Errors of the local environment."""

from __future__ import annotations


class LocalError(Exception):
    """What is wrong and what to do, for the person at the keyboard."""


class NoAnswer(Exception):
    """A service does not answer yet."""
