"""Asks Google's evaluator, which runs in an environment of its own (`make google-sql`)."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import date
from typing import TYPE_CHECKING, Any, Self

from local.paths import ROOT, VENVS

if TYPE_CHECKING:
    from collections.abc import Mapping

VENV = VENVS / "google-sql"
PYTHON = VENV / "bin" / "python"


class Refused(Exception):
    """What the evaluator says of a query that it cannot answer."""


class Evaluator:
    """A running evaluator."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [str(PYTHON), "-m", "tools.google_sql.worker", str(VENV / "cache")],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def rows(self, query: str, parameters: Mapping[str, str | date]) -> list[dict[str, Any]]:
        """The rows of a query; each value is what TO_JSON_STRING makes of it.

        Raises:
            Refused: the query is wrong, or a value leaves its type's range.
        """
        given = {
            name: {"date": value.isoformat()} if isinstance(value, date) else value
            for name, value in parameters.items()
        }
        return self._ask({"query": query, "parameters": given})

    def resolve(
        self,
        script: str,
        tables: Mapping[str, Mapping[str, str]],
        variables: Mapping[str, str],
    ) -> tuple[int, list[str]]:
        """How many statements of a script are resolved, and what is wrong with the others."""
        asked = {"script": script, "tables": tables, "variables": variables}
        [answer] = self._ask(asked)
        return int(answer["count"]), list(answer["wrong"])

    def _ask(self, asked: Mapping[str, object]) -> list[dict[str, Any]]:
        if self._process.stdin is None or self._process.stdout is None:
            raise Refused("the evaluator has no pipes")
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        for line in self._process.stdout:
            if line.startswith("ANSWER "):
                answer = json.loads(line.removeprefix("ANSWER "), parse_float=str)
                if "error" in answer:
                    raise Refused(answer["error"])
                return list(answer["rows"])
        raise Refused("the evaluator ended")
