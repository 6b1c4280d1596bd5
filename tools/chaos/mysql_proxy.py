"""A TCP proxy in front of a hospital's database; each connection is a fail point."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from local.stack.ports import HOST
from tools.chaos.points import Point

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.chaos.proxy import Injection

# Behind the handshake, within the first answers.
CUT_AFTER_BYTES = 400
_CHUNK = 1 << 16


class MysqlProxy:
    """One listening port in front of the database server.

    Args:
        upstream_port: the server's port; asked at every connection.
        hospital: names the points.
        meet: called with every connection's point; returns the fault to inject there, or None.
        port: where to listen.
    """

    def __init__(
        self,
        upstream_port: Callable[[], int],
        hospital: str,
        meet: Callable[[Point], Injection | None],
        port: int,
    ) -> None:
        self._upstream_port, self._meet, self.port = upstream_port, meet, port
        self._point = Point(f"mysql: connect to {hospital}", False)

    async def start(self) -> None:
        """Begins to listen."""
        await asyncio.start_server(self._serve, HOST, self.port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fault = self._meet(self._point)
        if fault and not fault.is_after:
            fault.strike()
            writer.transport.abort()
            return
        limit = CUT_AFTER_BYTES if fault else None
        try:
            up_reader, up_writer = await asyncio.open_connection(HOST, self._upstream_port())
        except OSError:
            writer.transport.abort()
            return
        up = asyncio.create_task(_pump(reader, up_writer, None))
        down = asyncio.create_task(_pump(up_reader, writer, limit))
        # Either side may end: a killed task hangs up on the server.
        await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        is_cut = down.done() and down.result()
        if is_cut and fault:
            fault.strike()
        for stream in (writer, up_writer):
            stream.transport.abort() if is_cut else stream.close()
        for task in (up, down):
            task.cancel()


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limit: int | None
) -> bool:
    """Copies bytes to the end or to the limit; returns whether the limit was reached."""
    passed = 0
    with suppress(ConnectionError):
        while data := await reader.read(_CHUNK):
            rest = data if limit is None else data[: limit - passed]
            writer.write(rest)
            await writer.drain()
            passed += len(rest)
            if passed == limit:
                return True
    return False
