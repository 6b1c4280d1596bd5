"""What differs between laptop, development and production: endpoints and sizes, nothing else."""

from __future__ import annotations

import os
from datetime import date, timedelta  # noqa: TC003 (pydantic resolves it at run time)
from functools import cache
from typing import Literal

from pydantic import Field, TypeAdapter

from utils.errors import ConfigError
from utils.paths import CONFIGS
from utils.schema import StrictModel, load_model, validate

_NAME = r"^[a-z][a-z0-9_-]*$"


class DataprocSettings(StrictModel):
    """How a Spark batch runs on Dataproc Serverless."""

    region: str
    runtime_version: str = "3.0"
    service_account: str | None = None
    subnetwork: str | None = None
    artefacts: str = Field(pattern=r"^gs://.+[^/]$")
    properties: dict[str, str] = {}
    time_to_live: timedelta = timedelta(hours=1)


class Settings(StrictModel):
    """One environment.

    `spark` says who runs Spark batches: Dataproc Serverless, or a process beside the task that
    uses the engine which the Spark client's own environment variables name. `sources_end` is the
    last day of sources that do not go on, as a simulated hospital or a copy. With
    `requires_tls`, patients' data leaves a hospital's database over a verified connection only.
    """

    project: str = Field(pattern=_NAME)
    location: str = "US"
    dataset_prefix: str = Field(default="healthcare_rcm_", pattern=r"^[a-z][a-z0-9_]*$")
    lake_bucket: str = Field(pattern=_NAME)
    landing_bucket: str = Field(pattern=_NAME)
    spark: Literal["dataproc", "process"]
    dataproc: DataprocSettings | None = None
    requires_tls: bool = True
    retries: int = Field(default=2, ge=0)
    retry_delay: timedelta = timedelta(minutes=1)
    sources_end: date | None = None

    def dataset(self, layer: str) -> str:
        """Name of a layer's dataset: bronze, silver, gold, audit or staging."""
        return f"{self.dataset_prefix}{layer}"

    def table(self, layer: str, name: str) -> str:
        """Full name of a table, to be put between backticks."""
        return f"{self.project}.{self.dataset(layer)}.{name}"

    def lake_uri(self, *parts: str) -> str:
        """Address of an object or folder in the lake."""
        return "/".join([f"gs://{self.lake_bucket}", *parts])


@cache
def settings() -> Settings:
    """The environment that `RCM_ENVIRONMENT` names; `RCM_SOURCES_END` sets its `sources_end`.

    Raises:
        ConfigError: the variable is missing, there is no such file, or a field in it is wrong.
    """
    folder = CONFIGS / "environments"
    name = os.environ.get("RCM_ENVIRONMENT", "")
    file = folder / f"{name}.yaml"
    if not name or not file.is_file():
        known = ", ".join(sorted(path.stem for path in folder.glob("*.yaml")))
        raise ConfigError(
            f"There is no environment `{name}`" if name else "RCM_ENVIRONMENT is not set",
            where="environment variables",
            remedy=f"Set RCM_ENVIRONMENT to one of {known}; the local stack sets it itself",
        )
    declared = load_model(file, TypeAdapter(Settings))
    if end := os.environ.get("RCM_SOURCES_END"):
        changed = {**declared.model_dump(), "sources_end": end}
        return validate(changed, TypeAdapter(Settings), "environment variable RCM_SOURCES_END")
    return declared
