"""Names of the tasks that others name: the DAGs, audit, the one-shot run, the kill test."""

from __future__ import annotations

OPEN_RUN = "open_run"
LAND = "land"
PLAN_SILVER = "plan_silver"
BUILD_SILVER = "build_silver"
STAGE_SILVER = "stage_silver"
PUBLISH_SILVER = "publish_silver"
REFRESH_GOLD = "refresh_gold"
CLOSE_RUN = "close_run"

TO_SILVER = (PLAN_SILVER, BUILD_SILVER, STAGE_SILVER, PUBLISH_SILVER)
DAILY = (OPEN_RUN, LAND, *TO_SILVER, REFRESH_GOLD, CLOSE_RUN)

PLAN_PREVIEW = "plan_preview"
BUILD_PREVIEW = "build_preview"
APPLY_REQUEST = "apply_request"
