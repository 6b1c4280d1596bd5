"""Answers queries that come as lines of JSON, in the environment of Google's evaluator."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path

from tools.google_sql.engine import Engine
from tools.google_sql.scripts import complaints


def main() -> int:
    """Serves until standard input ends; the argument is the folder of the compiled module."""
    engine = Engine(Path(sys.argv[1]))
    for line in sys.stdin:
        asked = json.loads(line)
        if "script" in asked:
            count, wrong = complaints(engine, asked["script"], asked["tables"], asked["variables"])
            print("ANSWER " + json.dumps({"rows": [{"count": count, "wrong": wrong}]}), flush=True)
            continue
        parameters = {
            name: date.fromisoformat(value["date"]) if isinstance(value, dict) else value
            for name, value in asked["parameters"].items()
        }
        answer: dict[str, object]
        try:
            answer = {"rows": engine.rows(asked["query"], parameters)}
        except Exception as error:  # told to who asked
            answer = {"error": f"{type(error).__name__}: {error}"}
        print("ANSWER " + json.dumps(answer), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
