"""A real SMTP server in a thread: plain, STARTTLS or TLS, with or without sign-in, with refusals on demand."""

import asyncio
import ssl
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from typing import Any, Literal

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.servers.certificates import Certificate
from tests.servers.waiting import wait_for

Security = Literal["plain", "starttls", "tls"]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message for which the server answered 250 (or took the last dot before it hung up)."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    encrypted: bool
    user: str | None
    session: object = None

    @property
    def message(self) -> Message:
        return message_from_bytes(self.raw)


class SmtpServer:
    """Use as a context manager; then `host` and `port` answer and `accepted` fills.

    What it refuses can be changed while it runs:
    - `refuse_recipients["x@example.com"] = "550 5.1.1 No such user"`
    - `refuse_sender = "553 5.7.1 Sender not allowed"`
    - `answers.append("451 4.3.0 Try later")`: the answers to the next DATA, one each; then 250 again
    - `hang_up_after_data = 1`: that many messages are taken, but the connection dies before the answer
    - `end_after = 1`: it ends each session after that many messages, as servers with a limit do
    - `deliver`: called with each accepted message and recipient, so that mail reaches a real mailbox
    """

    host = "localhost"

    def __init__(
        self,
        certificate: Certificate | None = None,
        *,
        security: Security = "plain",
        users: dict[str, str] | None = None,
        deliver: Callable[[str, bytes], object] | None = None,
        port: int = 0,
    ) -> None:
        self.security, self.users, self.deliver, self.port = security, users or {}, deliver, port
        self.context: ssl.SSLContext | None = certificate.server_context() if certificate else None
        if security != "plain" and self.context is None:
            raise ValueError("TLS needs a certificate")
        self.accepted: list[Accepted] = []
        self.refuse_recipients: dict[str, str] = {}
        self.refuse_sender: str | None = None
        self.answers: deque[str] = deque()
        self.hang_up_after_data = 0
        self.end_after = 0
        self.sessions = 0
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread: threading.Thread | None = None
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.BaseTransport] = set()

    def __enter__(self) -> "SmtpServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        if self._thread is not None:
            self._thread.join(10)
        self._loop.close()

    def start(self) -> None:
        """Listen; on the same port as before when it was stopped in between."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._loop.run_forever, name="smtp-server", daemon=True)
            self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)

    def stop(self) -> None:
        """Refuse new connections and end those that are open."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)

    def wait_for(
        self,
        count: int = 1,
        *,
        to: str | None = None,
        where: Callable[[Accepted], bool] = lambda _: True,
        seconds: float = 20,
    ) -> list[Accepted]:
        """At least `count` accepted messages that match, oldest first."""

        def matching() -> list[Accepted]:
            found = [one for one in list(self.accepted) if (to is None or to in one.recipients) and where(one)]
            return found if len(found) >= count else []

        return wait_for(matching, f"{count} message(s){f' to {to}' if to else ''} at the SMTP server", seconds)

    async def _listen(self) -> None:
        self._server = await self._loop.create_server(
            self._protocol, "127.0.0.1", self.port, ssl=self.context if self.security == "tls" else None
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for transport in list(self._connections):
            transport.close()

    def _protocol(self) -> SMTP:
        return _Protocol(
            self,
            hostname="mail.test",
            tls_context=self.context if self.security == "starttls" else None,
            require_starttls=self.security == "starttls",
            authenticator=self._authenticate if self.users else None,
            auth_required=bool(self.users),
            auth_exclude_mechanism=None if self.users else ["LOGIN", "PLAIN"],
            auth_require_tls=self.security == "starttls",
            enable_SMTPUTF8=True,
            loop=self._loop,
        )

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        if isinstance(data, LoginPassword):
            user = data.login.decode(errors="replace")
            if self.users.get(user) == data.password.decode(errors="replace"):
                return AuthResult(success=True, auth_data=user)
        return AuthResult(success=False, handled=False)  # handled=True would leave the client without an answer

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuse_sender:
            return self.refuse_sender
        envelope.mail_from, envelope.mail_options = address, options
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refusal := self.refuse_recipients.get(address):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.answers and not self.answers[0].startswith("250"):
            return self.answers.popleft()
        if self.answers:
            self.answers.popleft()
        raw = envelope.original_content or b""
        one = Accepted(
            envelope.mail_from or "",
            tuple(envelope.rcpt_tos),
            raw,
            session.ssl is not None or self.security == "tls",
            str(session.auth_data) if session.authenticated else None,
            session,
        )
        self.accepted.append(one)
        if self.deliver is not None:
            for recipient in one.recipients:
                await self._loop.run_in_executor(None, self.deliver, recipient, raw)
        if self.end_after and sum(one.session is session for one in self.accepted) >= self.end_after:
            self._loop.call_later(0.01, server.transport.close)
        if self.hang_up_after_data:
            self.hang_up_after_data -= 1
            server.transport.abort()
        return "250 2.0.0 Accepted"


class _Protocol(SMTP):
    """aiosmtpd's protocol, with its connections known to the server so that they can be cut."""

    def __init__(self, owner: SmtpServer, **options: Any) -> None:
        super().__init__(owner, **options)
        self._owner = owner
        self._kept: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._kept = transport
        self._owner.sessions += 1
        self._owner._connections.add(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self._kept is not None:
            self._owner._connections.discard(self._kept)
        super().connection_lost(error)
