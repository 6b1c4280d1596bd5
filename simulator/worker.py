"""The process that simulates one hospital: takes an assignment, answers with its books.

The answer is an empty line when everything is delivered, then the books, pickled.

`python -m simulator.worker <assignment>`, which is pickled and in hexadecimal digits.
"""

from __future__ import annotations

import gc
import os
import pickle
import sys

from simulator.assignment import simulate


def main(assignment: str) -> None:
    """Simulates the hospital, and leaves without taking its million records apart again."""
    gc.disable()  # they have no cycle: looking for one would take a fifth of the time
    books = simulate(pickle.loads(bytes.fromhex(assignment)), _delivered)  # noqa: S301 (our own)
    pickle.dump(books, sys.stdout.buffer, pickle.HIGHEST_PROTOCOL)
    sys.stdout.buffer.flush()
    os._exit(0)


def _delivered() -> None:
    sys.stdout.buffer.write(b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.argv[1])
