"""A Spark session on a Sail server that these tests start and stop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from spark_jobs import io
from tests.spark_support import sail_server


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """A Spark Connect session on Sail, set up as the job does."""
    with sail_server() as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_REMOTE", address)
        session = SparkSession.builder.remote(address).create()
        io.configure(session)
        yield session
        session.stop()
