"""Which faults there are: each class says where it strikes, how, and what a run makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.chaos.points import Met

AT_RANDOM = "a random moment"
# The services whose requests are answered over HTTP; weights count faults per service.
_HTTP = {"storage": 1, "bigquery": 1}


class Expected(Enum):
    """What becomes of a run that a fault strikes."""

    ABSORBED = "a retry absorbs it: a run with no more than one of them in a task succeeds"
    FAILED = "nothing of the run goes on"
    EITHER = "the run succeeds or fails, by what was going on"


class Effect(Enum):
    """What the client of a request sees that a fault strikes, when nobody answers in its place."""

    HANG_UP = "the connection ends without a response"
    CUT = "the connection ends in the middle of the response"
    DELAY = "the response comes late"
    ANSWER = "the response comes as if nothing had happened"


class Hands(Protocol):
    """What a fault may do to the pipeline and its services."""

    def kill_task(self) -> None:
        """Ends the process of the running date."""

    def kill_service(self, name: str) -> None:
        """Ends a service, which its supervisor begins to start again."""

    def fill_disk(self, name: str) -> None:
        """Leaves no byte on a small disk."""


@dataclass(frozen=True)
class Fault:
    """One fault at a fail point.

    Attributes:
        occurrence: which meeting of the point within a run, from 1.
        is_after: the fault strikes when the request was carried out, instead of before it.
        moment: for `AT_RANDOM` the share of an undisturbed run's time.
        name: of the class, as the report shows it.
        weights: how often the fault is drawn at a point of a service.
        change_weights: how much more often where the request changes something.
        status: an error that is answered instead of the request being carried out.
        is_lasting: whether the point stays struck until the run ends.
        strikes_anytime: whether the fault may strike at a random moment, and before or after.
        ends_process: whether the process of the run is killed.
        is_recorded: whether audit has to know of a run that failed by it.
        needs_small_disks: whether the stage has to have them.
    """

    point: str
    occurrence: int = 1
    is_after: bool = False
    moment: float = 0.0
    task: str = ""

    name: ClassVar[str]
    expected: ClassVar[Expected] = Expected.ABSORBED
    effect: ClassVar[Effect] = Effect.HANG_UP
    weights: ClassVar[Mapping[str, int]] = {}
    change_weights: ClassVar[Mapping[str, int]] = {}
    status: ClassVar[int | None] = None
    is_lasting: ClassVar[bool] = False
    strikes_anytime: ClassVar[bool] = False
    ends_process: ClassVar[bool] = False
    is_recorded: ClassVar[bool] = True
    needs_small_disks: ClassVar[bool] = False

    @classmethod
    def weight(cls, point: Met) -> int:
        """How often the fault is drawn at a point, compared with the others."""
        change = cls.change_weights.get(point.service, 0) if point.is_durable else 0
        return cls.weights.get(point.service, 0) + change

    @property
    def step(self) -> str:
        """The task, whichever source it works for."""
        return self.task.partition("[")[0]

    def strike(self, hands: Hands) -> None:
        """Does the damage beyond the request; most faults have none."""

    def __str__(self) -> str:
        """Names fault and place, as the report does."""
        if self.point == AT_RANDOM:
            return f"{self.name} at {self.moment:.0%} of the run"
        when = ("after" if self.is_after else "before") if self.strikes_anytime else "at"
        return f"{self.name} {when} [{self.point}] ({self.task}, meeting {self.occurrence})"


class Latency(Fault):
    """A response that comes late."""

    name, effect, weights = "latency", Effect.DELAY, _HTTP


class Refuse(Fault):
    """A connection that is refused."""

    name, weights = "refuse", {**_HTTP, "mysql": 2}


@dataclass(frozen=True)
class Cut(Fault):
    """A response that breaks off."""

    is_after: bool = True
    name, effect, weights = "cut", Effect.CUT, {**_HTTP, "mysql": 2}


@dataclass(frozen=True)
class Lose(Fault):
    """A request that is carried out and whose response nobody hears."""

    is_after: bool = True
    name = "lose"
    weights = {"storage": 2, "bigquery": 2}
    change_weights = {"storage": 2, "bigquery": 2}


class TooManyRequests(Fault):
    """A request that is refused because there were too many."""

    name, status, weights = "429", 429, _HTTP


class Unavailable(Fault):
    """A request that the service cannot serve now."""

    name, status, weights = "503", 503, _HTTP


class Conflict(Fault):
    """A change that the service takes for a second one."""

    name, status, change_weights = "409", 409, _HTTP


class PreconditionFailed(Fault):
    """A change whose condition does not hold."""

    name, status, change_weights = "412", 412, _HTTP


class Forbidden(Fault):
    """A right that is missing until the run ends."""

    name, status, change_weights = "403", 403, _HTTP
    expected, is_lasting = Expected.FAILED, True


class KillTask(Fault):
    """The process of the run is killed, as the kernel does when memory is short."""

    name, strikes_anytime, ends_process = "kill task", True, True
    expected = Expected.FAILED
    weights = {"storage": 4, "bigquery": 4, "mysql": 4, "spark": 4}

    def strike(self, hands: Hands) -> None:
        """Kills the process."""
        hands.kill_task()


class KillService(Fault):
    """A service is killed, as a power cut does, and its supervisor starts it again."""

    service: ClassVar[str]
    strikes_anytime, expected = True, Expected.EITHER

    def strike(self, hands: Hands) -> None:
        """Kills the service."""
        hands.kill_service(self.service)


class KillSpark(KillService):
    """Spark is killed."""

    name, service = "kill spark", "spark"
    weights = {"spark": 4}


class KillMariaDB(KillService):
    """The database server of the hospitals is killed."""

    name, service = "kill mariadb", "mariadb"
    weights = {"mysql": 3}


class KillStorage(KillService):
    """Cloud Storage is killed."""

    name, service = "kill storage", "storage"
    weights = {"storage": 2}


class KillBigQuery(KillService):
    """BigQuery is killed; audit is kept there, so it may not know of the failure."""

    name, service, is_recorded = "kill bigquery", "bigquery", False
    weights = {"bigquery": 2}


class DiskFull(Fault):
    """A disk has no byte left: that of the lake, or of temporary files where the lake is read."""

    name, expected, effect = "disk full", Expected.EITHER, Effect.ANSWER
    needs_small_disks = True
    weights = {"storage": 1, "spark": 2}

    def strike(self, hands: Hands) -> None:
        """Fills the disk that the request writes to."""
        is_read = self.point.startswith(("storage: read", "storage: stat", "storage: list"))
        hands.fill_disk("tmp" if is_read else "gcs")


# In the order in which a seed chooses: another order makes other trials of the same seed.
FAULTS: tuple[type[Fault], ...] = (
    KillTask,
    KillSpark,
    KillMariaDB,
    KillStorage,
    KillBigQuery,
    DiskFull,
    Latency,
    Refuse,
    Cut,
    TooManyRequests,
    Unavailable,
    Lose,
    Conflict,
    PreconditionFailed,
    Forbidden,
)
