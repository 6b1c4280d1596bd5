"""A reverse proxy in front of an emulator that injects faults and adds the strictness it lacks.

Faults have toxiproxy's vocabulary, plus the response that is lost after the request was carried
out. Cloud Storage's `ifGenerationMatch` conditions are held and lists come in small pages, which
the storage emulator does not do by itself.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self
from urllib.parse import quote, unquote

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector, web
from yarl import URL

from local.stack.ports import HOST
from tools.chaos.faults import Effect
from tools.chaos.points import Asked, object_name

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from concurrent.futures import Future

    from tools.chaos.points import Point

REASONS = {
    403: "accessDenied",
    409: "duplicate",
    412: "conditionNotMet",
    429: "rateLimitExceeded",
    503: "backendError",
}
# Status of an emulator that is down.
NO_ANSWER = 0
PAGE_SIZE = 2
LATENCY_SECONDS = 2.0
_HOP_HEADERS = {"connection", "content-length", "transfer-encoding", "host", "accept-encoding"}


class Injection(Protocol):
    """What a fault does at the request that it was meant for.

    With a `status` the request is refused. Else `strike` is called before the request is passed on,
    or after it was carried out, and `effect` is what its client sees.
    """

    @property
    def status(self) -> int | None:
        """The error that is answered in place of the service's response."""

    @property
    def effect(self) -> Effect:
        """What the client sees if there is no such error."""

    @property
    def is_after(self) -> bool:
        """Whether the request is carried out first."""

    def strike(self) -> None:
        """Does the damage."""


@dataclass(frozen=True)
class Answer:
    """A whole response of the emulator."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_json(self) -> bool:
        """Whether the body is JSON."""
        return "json" in self.headers.get("Content-Type", "")


class FaultProxy:
    """One listening port in front of one emulator.

    Args:
        upstream: the emulator's address; asked at every request, because a restart may move it.
        name: names a request, or gives None for one that is of no interest.
        meet: called with every named request; returns the fault to inject there, or None.
    """

    def __init__(
        self,
        upstream: Callable[[], str],
        name: Callable[[Asked], Point | None],
        meet: Callable[[Point], Injection | None],
        port: int,
    ) -> None:
        self._upstream, self._name, self._meet, self._port = upstream, name, meet, port
        self._session: ClientSession | None = None
        self._objects: dict[str, asyncio.Lock] = {}

    @property
    def address(self) -> str:
        """Where clients find the proxy."""
        return f"http://{HOST}:{self._port}"

    async def start(self) -> None:
        """Begins to listen."""
        self._session = ClientSession(
            timeout=ClientTimeout(total=600),
            connector=TCPConnector(force_close=True),
            auto_decompress=False,
        )
        server = web.Server(self._serve)
        runner = web.ServerRunner(server, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, HOST, self._port).start()

    async def stop(self) -> None:
        """Ends the connection with the emulator; the port closes with the thread."""
        if self._session:
            await self._session.close()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        asked = Asked(request.method, request.raw_path, await request.read())
        point = self._name(asked)
        fault = self._meet(point) if point else None
        if fault is None:
            return _response(request, await self._forward(request, asked))
        if fault.status:
            return _response(request, _refusal(fault.status))
        if fault.is_after:
            answer = await self._forward(request, asked)
            fault.strike()
            is_cut = fault.effect is Effect.CUT
            return await _cut(request, answer) if is_cut else _hang_up(request)
        fault.strike()
        if fault.effect is Effect.HANG_UP:
            return _hang_up(request)
        if fault.effect is Effect.DELAY:
            await asyncio.sleep(LATENCY_SECONDS)
        return _response(request, await self._forward(request, asked))

    async def _forward(self, request: web.BaseRequest, asked: Asked) -> Answer:
        """Passes a request on, if the conditions that it names hold."""
        key = _written_object(asked)
        if key is None:
            return _page(asked, await self._call(request, asked))
        async with self._objects.setdefault(key, asyncio.Lock()):
            try:
                is_refused = not await self._conditions_hold(asked, key)
            except (ClientError, OSError):
                return Answer(NO_ANSWER, {}, b"")
            return _refusal(412) if is_refused else await self._call(request, asked)

    async def _call(self, request: web.BaseRequest, asked: Asked) -> Answer:
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() not in _HOP_HEADERS
        }
        upstream = self._upstream()
        url = URL(upstream + _unpaged(asked.target), encoded=True)
        if self._session is None:
            raise RuntimeError("The proxy was not started")
        try:
            async with self._session.request(
                asked.method, url, headers=headers, data=asked.body, allow_redirects=False
            ) as reply:
                body = await reply.read()
        except (ClientError, OSError):
            return Answer(NO_ANSWER, {}, b"")
        kept = {
            name: value.replace(upstream, self.address)
            for name, value in reply.headers.items()
            if name.lower() not in _HOP_HEADERS
        }
        answer = Answer(reply.status, kept, body)
        if answer.is_json:
            return Answer(
                reply.status, kept, body.replace(upstream.encode(), self.address.encode())
            )
        return answer

    async def _conditions_hold(self, asked: Asked, key: str) -> bool:
        conditions = {
            key: asked.query.get("ifGenerationMatch"),
            _copied_object(asked): asked.query.get("ifSourceGenerationMatch"),
        }
        for place, wanted in conditions.items():
            if wanted is not None and wanted != await self._generation(place):
                return False
        return True

    async def _generation(self, key: str) -> str:
        """The live generation of `bucket/object`, `0` if there is none."""
        bucket, _, name = key.partition("/")
        url = f"{self._upstream()}/storage/v1/b/{bucket}/o/{quote(name, safe='')}"
        if self._session is None:
            raise RuntimeError("The proxy was not started")
        async with self._session.get(URL(url, encoded=True)) as reply:
            return str((await reply.json())["generation"]) if reply.status == 200 else "0"


class ProxyThread:
    """Runs proxies in a thread of their own."""

    def __init__(self) -> None:
        self._proxies: list[FaultProxy] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for proxy in self._proxies:
            self.run(proxy.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)

    def serve(self, proxy: FaultProxy) -> None:
        """Starts a proxy, which stops with the thread."""
        self.run(proxy.start())
        self._proxies.append(proxy)

    def run(self, work: Coroutine[None, None, None]) -> None:
        """Runs a coroutine in the thread and waits for its end."""
        result: Future[None] = asyncio.run_coroutine_threadsafe(work, self._loop)
        result.result(timeout=10)


def _written_object(asked: Asked) -> str | None:
    """`bucket/object` whose generation the request depends on, None if on none."""
    if "ifGenerationMatch" not in asked.query:
        return None
    if asked.path.startswith("/upload/"):
        bucket = asked.path.split("/b/")[1].split("/")[0]
        return f"{bucket}/{object_name(asked)}"
    return _object_at(asked.path.split("/rewriteTo")[-1])


def _copied_object(asked: Asked) -> str:
    return _object_at(asked.path.split("/rewriteTo")[0]) if "/rewriteTo" in asked.path else ""


def _object_at(path: str) -> str:
    bucket, _, name = path.split("/b/")[1].partition("/o/")
    return f"{bucket}/{unquote(name)}"


def _unpaged(target: str) -> str:
    """The address without the page's token, which the emulator would take for one of its own."""
    return re.sub(r"([?&])pageToken=\d+&?", r"\1", target)


def _page(asked: Asked, answer: Answer) -> Answer:
    """Cuts a list of objects or tables into small pages."""
    kind = {"o": "items", "tables": "tables"}.get(asked.path.rpartition("/")[2], "")
    if asked.method != "GET" or not kind or answer.status != 200:
        return answer
    content = json.loads(answer.body)
    begin = int(asked.query.get("pageToken", "0"))
    end = begin + PAGE_SIZE * (1 if kind == "items" else 10)
    items = content.get(kind) or []
    if end < len(items):
        content["nextPageToken"] = str(end)
    content[kind] = items[begin:end]
    return Answer(answer.status, answer.headers, json.dumps(content).encode())


def _refusal(status: int) -> Answer:
    error = {"reason": REASONS[status], "message": "injected fault", "domain": "global"}
    content = {"error": {"code": status, "message": "injected fault", "errors": [error]}}
    return Answer(status, {"Content-Type": "application/json"}, json.dumps(content).encode())


def _response(request: web.BaseRequest, answer: Answer) -> web.Response:
    if answer.status == NO_ANSWER:
        return _hang_up(request)
    return web.Response(status=answer.status, headers=dict(answer.headers), body=answer.body)


def _hang_up(request: web.BaseRequest) -> web.Response:
    if request.transport:
        request.transport.abort()
    return web.Response()


async def _cut(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    """Sends half of the response's body and breaks off."""
    headers = {**answer.headers, "Content-Length": str(len(answer.body))}
    response = web.StreamResponse(status=answer.status or 500, headers=headers)
    await response.prepare(request)
    await response.write(answer.body[: len(answer.body) // 2])
    if request.transport:
        request.transport.abort()
    return response
