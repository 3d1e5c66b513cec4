"""The door for mail servers: LMTP (RFC 2033) and SMTP. 250 is said when the ledger's transaction has committed.

Until then the mail is the sending server's: whatever goes wrong here is answered with 4xx, and it tries again. A mail
that was kept and whose 250 got lost comes once more and is recognised by its Message-ID and body.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import stat
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.db import connection

from caseway.accounts.models import Organisation
from caseway.accounts.space import is_used_up
from caseway.intake.models import Door
from caseway.intake.receive import receive_piped
from caseway.intake.recipients import organisation_of

log = logging.getLogger("caseway.lmtp")

MOST_CONNECTIONS = 100
MOST_MESSAGES = 8
"""Messages taken in at once: each may need CASEWAY_LARGEST_MAIL bytes of memory."""
MOST_RECIPIENTS = 100
DATABASE_THREADS = 4
SILENCE_SECONDS = 300.0  # RFC 5321 4.5.3.2
PIECE = 64 * 1024
NOT_NOW = "451 4.3.0 Not now, please try again"
NO_ROOM = "452 4.3.1 No room left here, please try again"

Result = TypeVar("Result")


@dataclass
class Desk:
    """What all connections share."""

    only: Organisation | None = None
    """Take mail for this organisation alone."""
    takes_all: bool = False
    """Take mail to any recipient for `only`."""
    per_recipient: bool = True
    """LMTP answers once for each recipient (RFC 2033 4.2), SMTP once."""
    open_connections: int = 0
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(DATABASE_THREADS, "lmtp"))
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_MESSAGES))

    async def handle_EHLO(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """LMTP demands PIPELINING (RFC 2033 5); commands wait in the stream's buffer, so it is there."""
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Only whom we know is let in: a bounce later would go to forged senders."""
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients at once"
        try:
            known = self.takes_all or await self._in_thread(organisation_of, address, self.only) is not None
        except Exception as error:
            log.warning("A recipient could not be looked up: %s", _first_line(error))
            return NOT_NOW
        if not known:
            return "550 5.1.1 No such address here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the mail once for each recipient; the answers in their order."""
        raw = _with_return_path(envelope)
        answers = [await self._keep(raw, recipient) for recipient in envelope.rcpt_tos]
        if self.per_recipient:
            return "\r\n".join(answers)
        return next((answer for answer in answers if not answer.startswith("250")), answers[0])

    async def _keep(self, raw: bytes, recipient: str) -> str:
        try:
            number = await self._in_thread(self._keep_now, raw, recipient)
        except Exception as error:
            log.warning("A mail could not be kept: %s", _first_line(error))
            return NO_ROOM if is_used_up(error) else NOT_NOW
        return f"250 2.0.0 Kept as {number}" if number else "550 5.1.1 No such address here"

    def _keep_now(self, raw: bytes, recipient: str) -> int:
        organisation = self.only if self.takes_all else organisation_of(recipient, self.only)
        if organisation is None:  # disconnected since RCPT
            return 0
        return int(receive_piped(organisation, raw, recipient, Door.LMTP).pk)

    async def _in_thread(self, function: Callable[..., Result], *arguments: object) -> Result:
        def run() -> Result:
            try:
                return function(*arguments)
            finally:
                connection.close()

        return await asyncio.get_running_loop().run_in_executor(self.threads, run)


class Conversation(SMTP):
    """One connection. The message is read here, not in aiosmtpd: with any length of line, within a bound of memory."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(
            desk,
            data_size_limit=int(settings.CASEWAY_LARGEST_MAIL),
            enable_SMTPUTF8=True,
            hostname=socket.gethostname(),
            ident="Caseway",
            timeout=SILENCE_SECONDS,
        )
        self.desk = desk
        self.command_size_limits = defaultdict(lambda: 2048)  # aiosmtpd shares one between all connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self.desk.open_connections >= MOST_CONNECTIONS and isinstance(transport, asyncio.WriteTransport):
            transport.write(b"421 4.3.2 Too many connections, please try again\r\n")
            transport.close()
            self._refused = True
            return
        self.desk.open_connections += 1
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if getattr(self, "_refused", False):
            return
        self.desk.open_connections -= 1
        super().connection_lost(error)

    def eof_received(self) -> bool | None:
        return None if getattr(self, "_refused", False) else super().eof_received()

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if await self.check_helo_needed():
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        if self.session is None or self.envelope is None or not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 Nobody to deliver to")
            return
        async with self.desk.slots:
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            content = await self._read_message()
            if content is None:
                refusal = f"552 5.3.4 Larger than {self.data_size_limit} bytes"
                count = len(self.envelope.rcpt_tos) if self.desk.per_recipient else 1
                answer = "\r\n".join([refusal] * count)
            else:
                self.envelope.content = content
                self._reset_timeout(3600)  # ours is the turn now
                answer = await self.desk.handle_DATA(self, self.session, self.envelope)
                self._reset_timeout()
        self.envelope = self._create_envelope()
        await self.push(answer)

    async def _read_message(self) -> bytes | None:
        """Up to the lone dot, dots unstuffed (RFC 5321 4.5.2); None when it is too large: it is read to its end."""
        content = bytearray()
        limit = self.data_size_limit or 0
        is_whole, at_start, unnoticed = True, True, 0
        while True:
            try:
                piece = await self._reader.readuntil(b"\r\n")
            except asyncio.LimitOverrunError as error:
                piece = await self._reader.readexactly(error.consumed)
            if at_start and piece == b".\r\n":
                return bytes(content) if is_whole else None
            unnoticed += len(piece)
            if unnoticed > PIECE:
                self._reset_timeout()
                unnoticed = 0
            if is_whole:
                content += piece[1:] if at_start and piece.startswith(b".") else piece
                if limit and len(content) > limit:
                    is_whole = False
                    content = bytearray()
            at_start = piece.endswith(b"\r\n")


class LmtpConversation(Conversation):
    show_smtp_greeting = False

    async def smtp_LHLO(self, hostname: str) -> None:  # noqa: N802
        await super().smtp_EHLO(hostname)

    async def smtp_HELO(self, hostname: str) -> None:  # noqa: N802
        await self.push("500 5.5.1 This is LMTP: LHLO")

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802
        await self.push("500 5.5.1 This is LMTP: LHLO")


async def serve(
    desk: Desk, stop: asyncio.Event, *, host: str = "", port: int = 0, path: str = "", mode: int = 0o660
) -> None:
    """Take mail on host:port, or on the Unix socket `path`, until `stop` is set. Raises OSError when it is taken."""
    loop = asyncio.get_running_loop()
    kind = LmtpConversation if desk.per_recipient else Conversation

    def conversation() -> Conversation:
        return kind(desk)

    if path:
        _remove_old_socket(path)
        server = await loop.create_unix_server(conversation, path)
        os.chmod(path, mode)
    else:
        server = await loop.create_server(conversation, host, port)
    log.info("%s on %s", "LMTP" if desk.per_recipient else "SMTP", path or f"{host}:{port}")
    try:
        await stop.wait()
    finally:
        server.close()
        # what is being kept at this moment is still kept; without its 250 the sender sends it again
        await loop.run_in_executor(None, desk.threads.shutdown)


def _remove_old_socket(path: str) -> None:
    """Of a process that was killed. One that is still answered belongs to somebody: then binding fails."""
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            return
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
            return
    raise OSError(f"{path} is in use by another process")


def _with_return_path(envelope: Envelope) -> bytes:
    """The envelope's sender stays readable in the mail: final delivery writes it down (RFC 5321 4.4)."""
    content = envelope.content if isinstance(envelope.content, bytes) else b""
    if content[:12].lower() == b"return-path:":
        return content
    sender = (envelope.mail_from or "").encode("utf-8", "surrogateescape").translate(None, b"\r\n<>")
    return b"Return-Path: <" + sender + b">\r\n" + content


def _first_line(error: BaseException) -> str:
    lines: Sequence[str] = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
