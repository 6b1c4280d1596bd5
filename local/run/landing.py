"""Puts files into the landing bucket, as payers do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from google.cloud.storage import Bucket


def upload_landing(folder: Path, variables: Mapping[str, str]) -> None:
    """Delivers the payers' files: moves what is in the folder into the landing bucket."""
    for path in deliver(folder, variables):
        path.unlink()


def deliver(folder: Path, variables: Mapping[str, str]) -> list[Path]:
    """Uploads every file of a folder under its path within the folder; returns the files."""
    bucket = landing_bucket(variables)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in files:
        bucket.blob(str(path.relative_to(folder))).upload_from_filename(str(path))
    return files


def landing_bucket(variables: Mapping[str, str]) -> Bucket:
    """The landing bucket of the stack with these variables."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.storage import Client

    from utils.settings import settings

    return Client(
        project=variables["GOOGLE_CLOUD_PROJECT"],
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": variables["STORAGE_EMULATOR_HOST"]},
    ).bucket(settings().landing_bucket)
