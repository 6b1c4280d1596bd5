"""The proxy between a real client and the storage emulator: its faults, and what it adds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import google.cloud.storage as storage
import pytest
import requests
from google.api_core.exceptions import PreconditionFailed, ServiceUnavailable
from google.auth.credentials import AnonymousCredentials

from local.stack.ports import is_free
from tests.conftest import Stack
from tools.chaos.faults import Effect
from tools.chaos.points import Names, Point
from tools.chaos.proxy import PAGE_SIZE, FaultProxy, ProxyThread

LAKE = "rcm-lake"


@dataclass
class Injected:
    """A fault that notes that it struck."""

    effect: Effect = Effect.HANG_UP
    is_after: bool = False
    status: int | None = None
    struck: int = 0

    def strike(self) -> None:
        self.struck += 1


@dataclass
class Scene:
    """A bucket behind a proxy; the next upload meets `fault`."""

    bucket: storage.Bucket
    direct: storage.Bucket
    met: list[Point] = field(default_factory=list)
    fault: Injected | None = None

    def meet(self, point: Point) -> Injected | None:
        self.met.append(point)
        if not point.is_durable:
            return None
        fault, self.fault = self.fault, None
        return fault


@pytest.fixture
def scene(stack_environment: Stack) -> Iterator[Scene]:
    address = stack_environment.variables["STORAGE_EMULATOR_HOST"]
    port = next(port for port in range(19_000, 19_900) if is_free(port))
    with ProxyThread() as thread:
        scene = Scene(_bucket(f"http://127.0.0.1:{port}"), _bucket(address))
        thread.serve(FaultProxy(lambda: address, Names().storage, scene.meet, port))
        yield scene
    for blob in scene.direct.list_blobs(prefix="proxy/"):
        blob.delete()


def _bucket(address: str) -> storage.Bucket:
    client = storage.Client(
        project="test",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": address},
    )
    return client.bucket(LAKE)


def _upload(scene: Scene, name: str = "proxy/a", generation: int | None = None) -> None:
    blob = scene.bucket.blob(name)
    blob.upload_from_string(b"content", if_generation_match=generation, retry=None)


def test_a_request_passes_unchanged(scene: Scene) -> None:
    _upload(scene)
    assert scene.direct.blob("proxy/a").download_as_bytes() == b"content"
    assert scene.bucket.get_blob("proxy/a").download_as_bytes() == b"content"
    assert Point("storage: upload lake/proxy", True) in scene.met


@pytest.mark.parametrize("generation", [0, 12345], ids=["must-be-absent", "must-be-that-one"])
def test_a_write_whose_condition_does_not_hold_is_refused(scene: Scene, generation: int) -> None:
    _upload(scene, generation=0)
    with pytest.raises(PreconditionFailed):
        _upload(scene, generation=generation)


def test_a_read_of_a_replaced_generation_is_refused(scene: Scene) -> None:
    _upload(scene)
    with pytest.raises(PreconditionFailed):
        scene.bucket.blob("proxy/a").download_as_bytes(if_generation_match=12345)


def test_a_list_comes_in_small_pages_and_whole(scene: Scene) -> None:
    names = [f"proxy/{number}" for number in range(2 * PAGE_SIZE + 1)]
    for name in names:
        scene.direct.blob(name).upload_from_string(b"x")
    assert [blob.name for blob in scene.bucket.list_blobs(prefix="proxy/")] == names
    assert [point.name for point in scene.met] == ["storage: list lake"] * 3


@pytest.mark.parametrize(
    ("fault", "error", "is_carried_out"),
    [
        pytest.param(Injected(), requests.ConnectionError, False, id="hang-up-before"),
        pytest.param(Injected(is_after=True), requests.ConnectionError, True, id="hang-up-after"),
        pytest.param(
            Injected(Effect.CUT, True), requests.exceptions.ChunkedEncodingError, True, id="cut"
        ),
        pytest.param(Injected(status=503), ServiceUnavailable, False, id="status"),
    ],
)
def test_a_fault_hides_the_response(
    scene: Scene, fault: Injected, error: type[Exception], is_carried_out: bool
) -> None:
    scene.fault = fault
    with pytest.raises(error):
        _upload(scene)
    assert scene.direct.blob("proxy/a").exists() == is_carried_out
    assert fault.struck == (fault.status is None)


def test_a_strike_that_passes_changes_no_answer(scene: Scene) -> None:
    scene.fault = fault = Injected(Effect.ANSWER)
    _upload(scene)
    assert fault.struck == 1
    assert scene.direct.blob("proxy/a").exists()
