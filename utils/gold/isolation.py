"""Finds the hospitals from whose rows no gold can be computed, to publish the others alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.api_core.exceptions import BadRequest

from utils.gcp import bigquery
from utils.gcp.failures import in_words
from utils.gold.models import gold_models
from utils.gold.script import build_script

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date

    from utils.gold.models import Model
    from utils.settings import Settings


def unbuilt_hospitals(
    environment: Settings,
    hospitals: Collection[str],
    business_date: date,
    models: Mapping[str, Model] | None = None,
) -> dict[str, str]:
    """Builds every hospital's models alone; the reason of each that BigQuery cannot compute.

    Nothing is checked or published. This costs a build a hospital, so it is done only after the
    build of all has failed. What fails for another reason than the rows, such as a connection,
    raises as usual.
    """
    values = {"business_date": business_date, "run_id": "alone"}
    unbuilt = {}
    for hospital in hospitals:
        script = build_script(environment, hospitals, hospital, models or gold_models())
        try:
            bigquery.query(script, values)
        except BadRequest as error:
            unbuilt[hospital] = f"Its tables cannot be built: {in_words(error)}"
    return unbuilt
