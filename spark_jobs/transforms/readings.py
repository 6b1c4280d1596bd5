"""What the reading of a value does, as a digest: a rule that reads differently is another rule."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping

from spark_jobs.transforms import conform, instants, normalise
from utils.batch import phone_plans
from utils.batch.types import SPARK_TYPES


def _digest(*parts: object) -> str:
    source = "".join(inspect.getsource(part) for part in parts)  # type: ignore[arg-type]
    return hashlib.sha256(source.encode()).hexdigest()[:8]


# Patterns, normalisers and conversions are code; their text says what they do.
_READ = _digest(conform, instants)
_SPELLED = _digest(conform, instants, normalise, phone_plans)
READING: Mapping[str, str] = {
    **{kind: _READ for kind in SPARK_TYPES},
    **{rule: _SPELLED for rule in normalise.normalisers("US")},
}
