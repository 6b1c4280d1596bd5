"""Fixtures of the SQL tests: they run on the BigQuery emulator of the test run's own stack."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.conftest import Stack
from tests.sql_support import Warehouse, use_settings
from utils.audit.tables import DATASETS, create_audit_tables
from utils.gcp import bigquery
from utils.orchestration.warehouse import create_all
from utils.settings import settings


@pytest.fixture(scope="session", autouse=True)
def emulator(stack: Stack) -> Iterator[None]:
    """Makes `utils.bigquery` a client of the stack's emulator."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in stack.variables.items():
            patch.setenv(name, value)
        bigquery.client.cache_clear()
        yield
    bigquery.client.cache_clear()


@pytest.fixture(scope="module")
def warehouse(emulator: None) -> Iterator[Warehouse]:
    """Datasets of the module's own with all tables and views, and nothing in them."""
    prefix = f"t{uuid4().hex[:8]}_"
    environment = settings().model_copy(update={"dataset_prefix": prefix})
    with pytest.MonkeyPatch.context() as patch:
        use_settings(patch, environment)
        create_audit_tables()
        create_all(environment)
        yield Warehouse(environment)
    for layer in DATASETS:
        bigquery.client().delete_dataset(
            environment.dataset(layer), delete_contents=True, timeout=30
        )
