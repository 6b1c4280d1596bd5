"""Names of the tasks that others name: Airflow's page, audit, the one-shot run and the tests."""

from __future__ import annotations

PLAN_SILVER = "plan_silver"
BUILD_SILVER = "build_silver"
PUBLISH_SILVER = "publish_silver"
REFRESH_GOLD = "refresh_gold"
PLAN_PREVIEW = "plan_preview"
BUILD_PREVIEW = "build_preview"
