"""Where the local environment keeps its files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OWNER_ONLY = 0o077  # the umask of every process that writes below a state folder
VENVS = ROOT / ".local" / "venvs"


@dataclass(frozen=True)
class StateFolder:
    """The folder that holds everything one local stack writes. Two folders are two stacks."""

    path: Path

    def create(self) -> None:
        """Makes the folder, for its owner alone: it holds patients' data once a run used it."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o700)

    @property
    def env_file(self) -> Path:
        """Variables for the clients of the stack."""
        return self.path / "env"

    @property
    def ports_file(self) -> Path:
        """Ports that the services were given, so that a restart uses them again."""
        return self.path / "services.json"

    @property
    def password_file(self) -> Path:
        """Password of the database user."""
        return self.path / "database-password"

    @property
    def lake_mount(self) -> Path:
        """Folder in which object `key` of `bucket` is the file `bucket/key`."""
        return self.path / "gcs" / ".cloudstorage"

    @property
    def airflow_home(self) -> Path:
        """Airflow's configuration, metadata database and task logs."""
        return self.path / "airflow"

    @property
    def spark_conf(self) -> Path:
        """Spark configuration for runs on the JVM."""
        return self.path / "spark"

    def log(self, service: str) -> Path:
        """Output of a service; it is kept over restarts."""
        return self.path / "logs" / f"{service}.log"

    def record(self, service: str) -> Path:
        """Process id and start time of a running service."""
        return self.path / "run" / f"{service}.json"


def state_folder(path: StateFolder | str | Path | None = None) -> StateFolder:
    """Returns the state folder: `path`, else `$RCM_STATE_DIR`, else `.local` in the repository."""
    if isinstance(path, StateFolder):
        return path
    chosen = path or os.environ.get("RCM_STATE_DIR") or ROOT / ".local"
    return StateFolder(Path(chosen).expanduser().absolute())


def write_private(file: Path, text: str) -> None:
    """Replaces the file at once; nobody but its owner can read it at any time."""
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    part.write_text(text)
    part.replace(file)
