"""Runs batches one after the other in one Spark session: `runner.py [[spec, output], …] <folder>`.

What the engine reads the cases of `tests.readings` as goes into the folder.

The variables of the process choose the engine, as they do for the job itself.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from pyspark.sql import SparkSession

from spark_jobs.main import run
from tests.conform_support import read_all


def main() -> None:
    builder = SparkSession.builder
    for name, value in json.loads(os.environ.get("SPARK_OPTIONS", "{}")).items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    for spec, output in json.loads(sys.argv[1]):
        run(spark, spec, output)
    folder = Path(sys.argv[2])
    folder.mkdir()
    (folder / "readings").write_text(repr(read_all(spark, folder)))
    spark.stop()


if __name__ == "__main__":
    main()
