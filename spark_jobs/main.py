"""Entry point of the silver batch: `main.py --spec <uri> --output <uri>`."""

from __future__ import annotations

import argparse

from pyspark.sql import SparkSession

from spark_jobs import io
from spark_jobs.build_silver import build_silver, is_complete
from utils.batch.spec_reader import parse_batch


def run(spark: SparkSession, spec: str, output: str) -> None:
    """Builds the batch that the specification at `spec` describes below `output`.

    A batch that is complete stays as it is: it may be published, and then it is history that later
    batches continue from.
    """
    io.configure(spark)
    if not is_complete(spark, output):
        build_silver(spark, parse_batch(io.read_text(spark, spec)), output)


def main() -> None:
    """Reads the command line and runs the batch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spec", required=True, help="URI of the batch specification (JSON)")
    parser.add_argument("--output", required=True, help="URI of the folder to write")
    arguments = parser.parse_args()
    spark = (
        SparkSession.builder.appName("build_silver")
        # Python would look for who calls, at every expression: half of the driver's own time.
        .config("spark.python.sql.dataFrameDebugging.enabled", "false")
        .getOrCreate()
    )
    try:
        run(spark, arguments.spec, arguments.output)
    finally:
        spark.stop()


if __name__ == "__main__":
    main()
