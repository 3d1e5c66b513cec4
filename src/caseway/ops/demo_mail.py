"""A mail server for the demo: real SMTP and IMAP on loopback sockets, nothing leaves the machine.

Every recipient gets a mailbox with the first message (or when signing in); all mailboxes share one password, made for
this installation. Mail to `name+anything@domain` reaches `name@domain`, as with large providers. By itself:

    python -m caseway.ops.demo_mail --data DIR --smtp-port 2525 --imap-port 2143

`DIR/password` holds the password (made when missing), `DIR/mail.sqlite3` the mail.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import secrets
import signal
from argparse import ArgumentParser
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from proxyprotocol.noop import ProxyProtocolNoop
from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import Config, DictBackend, Identity, Login
from pymap.imap import IMAPServer, IMAPService
from pymap.parsing.message import AppendMessage
from pymap.user import UserMetadata
from pysasl.creds.server import ServerCredentials
from pysasl.hashing import Cleartext

from caseway.ops.demo_mailboxes import Mailboxes, Store

HOST = "127.0.0.1"
LARGEST = 100 * 1024 * 1024  # bytes of one message
LONGEST_LINE = 1024 * 1024  # bytes; RFC 5321 allows 1,000, mail in the wild has more

log = logging.getLogger("caseway.demo_mail")


class DemoMailServer:
    """Start with `async with`; `smtp_port` and `imap_port` then answer. Port 0 takes a free one.

    Raises OSError when a port is taken.
    """

    def __init__(self, folder: Path, password: str, *, smtp_port: int = 0, imap_port: int = 0) -> None:
        self.folder, self.password, self.smtp_port, self.imap_port = folder, password, smtp_port, imap_port
        self._stack = AsyncExitStack()
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "DemoMailServer":
        store = Store(self.folder / "mail.sqlite3")
        self._stack.callback(store.close)
        config = _pymap_configuration(self.password)
        self.mailboxes = Mailboxes(store, config)
        await self._serve_imap(IMAPServer(_PasswordForAll(config, self.mailboxes, self.password), config))
        smtp = await asyncio.get_running_loop().create_server(self._smtp, HOST, self.smtp_port)
        self.smtp_port = smtp.sockets[0].getsockname()[1]
        self._stack.callback(smtp.close)
        return self

    async def __aexit__(self, *_: object) -> None:
        for connection in self._connections:
            connection.cancel()
        await self._stack.aclose()

    async def deliver(self, sender: str, recipient: str, raw: bytes) -> None:
        """Put a message into the recipient's inbox, with the headers that a delivering server adds."""
        now = datetime.now(UTC)
        trace = (
            f"Return-Path: <{sender}>\r\nDelivered-To: {recipient}\r\n"
            f"Received: by demo.localhost with ESMTP for <{recipient}>; {format_datetime(now)}\r\n"
        )
        inbox = await self.mailboxes.of(mailbox_address(recipient)).get_mailbox("INBOX")
        await inbox.append(AppendMessage(trace.encode("utf-8", "surrogateescape") + raw, now, frozenset()), recent=True)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's)
        raw = envelope.original_content or b""
        try:
            for recipient in envelope.rcpt_tos:
                await self.deliver((envelope.mail_from or "").strip("<>"), recipient, raw)
        except Exception:
            log.exception("a message could not be kept")
            return "451 4.3.0 The message could not be kept, try again"
        return "250 2.0.0 Kept"

    def _smtp(self) -> SMTP:
        return _Smtp(
            self,
            hostname="demo.localhost",
            data_size_limit=LARGEST,
            enable_SMTPUTF8=True,
            authenticator=self._authenticate,
            auth_require_tls=False,  # loopback only
            timeout=600,
        )

    def _authenticate(self, server: SMTP, session: Session, envelope: Envelope, method: str, data: Any) -> AuthResult:
        if isinstance(data, LoginPassword) and secrets.compare_digest(data.password, self.password.encode()):
            return AuthResult(success=True)
        return AuthResult(success=False, handled=False)  # handled=True would leave the client without an answer

    async def _serve_imap(self, imap: IMAPServer) -> None:
        answer = ProxyProtocolReader(ProxyProtocolNoop()).get_callback(imap)

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._connections.add(task)
            try:
                await answer(reader, writer)
            except (ConnectionError, asyncio.CancelledError):
                writer.close()  # the client or we are leaving
            finally:
                self._connections.discard(task)

        server = await asyncio.start_server(connected, HOST, self.imap_port)
        self.imap_port = server.sockets[0].getsockname()[1]
        self._stack.callback(server.close)


class _Smtp(SMTP):
    line_length_limit = LONGEST_LINE


class _PasswordForAll(Login):
    """Anybody may sign in as any address with the one password of the demo."""

    def __init__(self, config: Config, mailboxes: Mailboxes, password: str) -> None:
        super().__init__(config)
        self._mailboxes, self._password = mailboxes, password

    async def authenticate(self, credentials: ServerCredentials) -> Identity:
        address = mailbox_address(credentials.authcid)
        self.users_dict[credentials.authcid] = UserMetadata(self.config, credentials.authcid, password=self._password)
        identity = await super().authenticate(credentials)  # raises when the password is wrong
        self.users_dict[address] = UserMetadata(self.config, address, password=self._password)
        self._mailboxes.of(address)
        return Identity(address, self, None, identity.roles)


def mailbox_address(recipient: str) -> str:
    """`Support+token@Example.com` → `support@example.com` (RFC 5233 subaddressing)."""
    local, at, domain = recipient.strip().lower().rpartition("@")
    return f"{local.split('+')[0]}{at}{domain}"


def _pymap_configuration(password: str) -> Config:
    parser = ArgumentParser()
    DictBackend.add_subparser("dict", parser.add_subparsers(dest="backend"))
    IMAPService.add_arguments(parser)
    arguments = parser.parse_args(["--no-tls", "--host", HOST, "dict"])
    arguments.debug, arguments.skip_services, arguments.passlib_cfg = False, [], None
    config = Config.from_args(arguments, hash_context=Cleartext(), invalid_user_sleep=0.0)
    config.apply_context()
    return config


def read_password(folder: Path) -> str:
    """The password of all mailboxes below `folder`; made at first use, readable by the owner alone."""
    path = folder / "password"
    with contextlib.suppress(FileNotFoundError):
        return path.read_text().strip()
    folder.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"password.{os.getpid()}")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(12))
    with contextlib.suppress(FileExistsError):
        os.link(new, path)  # the first of two starts wins
    new.unlink()
    return path.read_text().strip()


async def serve(folder: Path, smtp_port: int, imap_port: int) -> None:
    """Serve until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with DemoMailServer(folder, read_password(folder), smtp_port=smtp_port, imap_port=imap_port) as server:
        log.info("SMTP on %s:%s, IMAP on %s:%s", HOST, server.smtp_port, HOST, server.imap_port)
        await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="The demo's mail server: SMTP and IMAP on the loopback address.")
    parser.add_argument("--data", type=Path, required=True, help="folder for mail and password")
    parser.add_argument("--smtp-port", type=int, default=2525)
    parser.add_argument("--imap-port", type=int, default=2143)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    try:
        asyncio.run(serve(arguments.data, arguments.smtp_port, arguments.imap_port))
    except OSError as error:
        raise SystemExit(f"The demo mail server cannot start: {error}") from error


if __name__ == "__main__":
    main()
