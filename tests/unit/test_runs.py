"""Whether a run that holds the lease is still alive, as Airflow knows it."""

from __future__ import annotations

from typing import Any

import pytest

from utils.audit.runs import RunIdentity
from utils.orchestration import runs

HOLDER = RunIdentity(dag_id="rcm_daily", run_id="first")


class TaskInstance:
    """Airflow's answers: `state` of the holder, None for a run that was deleted."""

    def __init__(self, state: str | None) -> None:
        self.state = state

    def get_dr_count(self, dag_id: str, run_ids: list[str]) -> int:
        assert (dag_id, run_ids) == ("rcm_daily", ["first"])
        return int(self.state is not None)

    def get_dagrun_state(self, dag_id: str, run_id: str) -> str:
        assert (dag_id, run_id) == ("rcm_daily", "first")
        assert self.state, "Airflow raises for a run that it does not know"
        return self.state


@pytest.mark.parametrize(
    ("state", "is_live"),
    [("running", True), ("queued", True), ("failed", False), ("success", False), (None, False)],
)
def test_holder_is_live_while_airflow_goes_on_with_it(state: str | None, is_live: bool) -> None:
    context: dict[str, Any] = {"ti": TaskInstance(state)}
    assert runs._is_live(HOLDER, context) is is_live
