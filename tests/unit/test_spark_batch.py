"""The task that runs a Spark batch on Dataproc, and what its second try does about the first."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from google.api_core.exceptions import NotFound
from google.cloud.dataproc_v1 import Batch
from pydantic import TypeAdapter

from utils.errors import PipelineError
from utils.orchestration import spark_batch
from utils.orchestration.spark_batch import DataprocBatchOperator, build_batch
from utils.paths import CONFIGS
from utils.schema import load_model
from utils.settings import Settings


class Hook:
    """Dataproc as it answers: `states` of batches by id; what is cancelled is remembered."""

    def __init__(self, **states: int) -> None:
        self.states = {name.replace("_", "-"): state for name, state in states.items()}
        self.cancelled: list[str] = []

    def get_batch(self, *, batch_id: str, **_: object) -> Batch:
        if batch_id not in self.states:
            raise NotFound(batch_id)
        return Batch(state=self.states[batch_id], operation=f"operations/{batch_id}")

    def get_operations_client(self, region: str) -> Any:
        assert region == "us-central1"
        return SimpleNamespace(cancel_operation=self.cancelled.append)


@pytest.fixture
def task(monkeypatch: pytest.MonkeyPatch) -> DataprocBatchOperator:
    environment = load_model(CONFIGS / "environments" / "dev.yaml", TypeAdapter(Settings))
    monkeypatch.setattr(spark_batch, "settings", lambda: environment)
    built = build_batch("build_silver", plan_task_id="plan_silver")
    assert isinstance(built, DataprocBatchOperator)
    return built


def test_every_try_has_a_folder_and_a_batch_of_its_own(task: DataprocBatchOperator) -> None:
    """C3: the try before it may go on unseen, and would write beside it."""
    assert task.output_uri.endswith("['output_uri'] }}/{{ ti.try_number }}")
    assert str(task.batch_id).endswith("-{{ ti.try_number }}")
    assert task.batch["pyspark_batch"]["args"][-2:] == ["--output", task.output_uri]


def test_batch_runs_as_the_named_account_and_ends_by_itself(task: DataprocBatchOperator) -> None:
    execution = Batch(task.batch).environment_config.execution_config

    assert execution.service_account.startswith("rcm-spark@")
    assert execution.authentication_config.user_workload_authentication_type.name == (
        "SERVICE_ACCOUNT"
    )
    assert execution.ttl.seconds == 3600


def test_a_third_try_cancels_what_still_runs_of_the_tries_before_it(
    task: DataprocBatchOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = Hook(silver_b1_1=Batch.State.RUNNING, silver_b1_2=Batch.State.FAILED)
    provider = DataprocBatchOperator.__mro__[1]
    monkeypatch.setattr(DataprocBatchOperator, "hook", hook)
    monkeypatch.setattr(provider, "execute", lambda self, context: None)
    task.batch_id, task.output_uri = "silver-b1-3", "gs://lake/silver/batches/b1/3"

    assert task.execute({}) == "gs://lake/silver/batches/b1/3"
    assert hook.cancelled == ["operations/silver-b1-1"]


def test_failed_batch_is_named_and_its_driver_s_words_are_not_quoted(
    task: DataprocBatchOperator,
) -> None:
    with pytest.raises(PipelineError, match="ended as FAILED .Dataproc batch silver-b1-1") as told:
        task.handle_batch_status({}, "FAILED", "silver-b1-1", "Bad value 123-45-6789")

    assert "123" not in str(told.value)
