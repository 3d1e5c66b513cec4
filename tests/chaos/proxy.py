"""A TCP proxy that can cut connections: all at once, or the next one in the middle of what the server sends."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import Self


class Proxy:
    """Use as a context manager: `port` leads to `target`, a port on the loopback address."""

    def __init__(self, target: int) -> None:
        self.target, self.port, self.cuts = target, 0, 0
        self._bytes_left: int | None = None
        self._pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def cut(self) -> None:
        """Reset every connection now."""
        self._loop.call_soon_threadsafe(self._cut)

    def cut_after(self, size: int) -> None:
        """Let the servers send `size` bytes more, over all connections, then reset them all."""
        self._bytes_left = size

    @property
    def is_armed(self) -> bool:
        return self._bytes_left is not None

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        pair = (writer, far_writer)
        self._pairs.add(pair)
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer, counts=True))
        self._pairs.discard(pair)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, counts: bool = False) -> None:
        with suppress(OSError):
            while data := await source.read(16 * 1024):
                if counts and self._bytes_left is not None:
                    self._bytes_left -= len(data)
                    if self._bytes_left < 0:
                        self._bytes_left = None
                        sink.write(data[: len(data) // 2])
                        await sink.drain()
                        self._cut()
                        return
                sink.write(data)
                await sink.drain()
        sink.close()

    def _cut(self) -> None:
        self.cuts += 1
        for pair in self._pairs:
            for writer in pair:
                writer.transport.abort()
