"""The receiving end: an SMTP server that refuses, stalls and hangs up on demand, and remembers what it accepted."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, deque
from email.parser import BytesHeaderParser
from typing import Any, Self

from aiosmtpd.smtp import SMTP

FAULTS = (
    "451 at MAIL", "450 at RCPT", "451 at DATA", "451 after the dot", "552 after the dot",
    "hang up before DATA", "hang up in DATA", "hang up after the dot",
    "stall before DATA", "stall in DATA", "stall after the dot",
)  # fmt: skip


class Sink:
    """Use as a context manager. `faults` are used up one each by the sessions that come; then all is accepted.

    `accepted` counts by Message-ID what the server took the last dot of and meant to deliver, whether or not the client
    heard so: what a recipient would find in the mailbox.
    """

    def __init__(self, stall_seconds: float) -> None:
        self.port = 0
        self.stall_seconds = stall_seconds
        self.faults: deque[str] = deque()
        self.used: Counter[str] = Counter()
        self.accepted: Counter[str] = Counter()
        self.recipients: dict[str, tuple[str, ...]] = {}
        self.refused: set[str] = set()
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sink", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _listen(self) -> None:
        self._server = await self._loop.create_server(
            lambda: _Session(self, loop=self._loop, hostname="sink.test", enable_SMTPUTF8=True), "127.0.0.1", 0
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def next_fault(self) -> str:
        with self._lock:
            if not self.faults:
                return ""
            return self.faults.popleft()

    async def apply(self, session: _Session, place: str) -> str:
        """Do what this session's fault says for `place`; a reply to give instead of the usual one, or ''."""
        fault = session.fault
        if not fault.endswith(place):
            return ""
        session.fault = ""
        self.used[fault] += 1
        if fault.startswith("stall"):
            await asyncio.sleep(self.stall_seconds)
        if fault.startswith(("stall", "hang up")):
            session.transport.abort()
            await asyncio.sleep(3600)  # until the lost connection ends this session
        return f"{fault.partition(' ')[0]} 4.3.0 On purpose"

    async def handle_MAIL(self, session: _Session, _: Any, envelope: Any, address: str, options: list[str]) -> str:
        if reply := await self.apply(session, "at MAIL"):
            return reply
        envelope.mail_from, envelope.mail_options = address, options
        return "250 OK"

    async def handle_RCPT(self, session: _Session, _: Any, envelope: Any, address: str, options: list[str]) -> str:
        if reply := await self.apply(session, "at RCPT"):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, session: _Session, _: Any, envelope: Any) -> str:
        identifier = str(BytesHeaderParser().parsebytes(envelope.original_content)["Message-ID"]).strip(" <>")
        if session.fault in {"451 after the dot", "552 after the dot"}:
            if session.fault.startswith("5"):
                self.refused.add(identifier)
            return await self.apply(session, "after the dot")
        self.accepted[identifier] += 1
        self.recipients[identifier] = tuple(envelope.rcpt_tos)
        await self.apply(session, "after the dot")
        return "250 2.0.0 Accepted"


class _Session(SMTP):
    """aiosmtpd's protocol with the faults that its hooks do not reach: those around DATA."""

    def __init__(self, sink: Sink, **options: Any) -> None:
        super().__init__(sink, **options)
        self._sink = sink
        self.fault = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.fault = self._sink.next_fault()

    async def smtp_DATA(self, argument: str) -> None:
        if reply := await self._sink.apply(self, "at DATA"):
            await self.push(reply)
            return
        await self._sink.apply(self, "before DATA")
        if self.fault.endswith("in DATA"):
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            await self._reader.read(200)  # some of the text arrives, then …
            await self._sink.apply(self, "in DATA")
            return
        await super().smtp_DATA(argument)
