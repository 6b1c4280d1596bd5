"""Fixtures of the SQL tests: they run on the BigQuery emulator of the test run's own stack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from uuid import uuid4

import pytest

from tests.conftest import Stack
from tests.small_gold import CHARGES, KINDS, TOTALS, Gold
from tests.warehouse_support import Warehouse, use_settings
from utils.audit.tables import DATASETS, create_audit_tables
from utils.gcp import bigquery
from utils.gold.models import Model, load_models
from utils.gold.tables import create_gold_tables
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


@pytest.fixture(scope="module")
def small_models(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Model]:
    folder = tmp_path_factory.mktemp("gold")
    (folder / "charges.sql").write_text(CHARGES, encoding="utf-8")
    (folder / "totals.sql").write_text(TOTALS, encoding="utf-8")
    (folder / "kinds.sql").write_text(KINDS, encoding="utf-8")
    return load_models(folder)


@pytest.fixture
def gold(warehouse: Warehouse, small_models: Mapping[str, Model]) -> Gold:
    """Small gold that was published once, with two charges of hospital_a."""
    create_gold_tables(warehouse.environment, small_models)
    published = Gold(warehouse, small_models)
    for table in ("gold_standings", "table_loads", "dq_results"):
        bigquery.query(f"DELETE FROM `{warehouse.environment.table('audit', table)}` WHERE TRUE")
    warehouse.knows_hospitals("hospital_a", "hospital_b")
    published.refresh("good", {"transaction_id": "T1"}, {"transaction_id": "T2", "amount": None})
    return published
