"""An IMAP session up to and with signing in, and what its errors mean."""

from __future__ import annotations

import imaplib
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from imapclient.exceptions import IMAPClientError

from caseway.mailboxes.errors import MailboxError, NotHandedOverError, Refused, Temporary
from caseway.mailboxes.explain import connection_failure, login_refusal, stranger, words_of
from caseway.mailboxes.protocol import PROTOCOL_ERRORS, Client, Protocol
from caseway.mailboxes.wire import SMALL_ANSWER, Wire

TIMEOUT = 60.0
"""Seconds without a byte before a connection counts as dead."""


class Session:
    """The connection itself. Every method raises MailboxError, and nothing else."""

    def __init__(self, sock: Any, host: str, port: int, *, timeout: float = TIMEOUT) -> None:
        """Speak IMAP over a connected socket: reads the greeting and the capabilities."""
        self.host, self.port = host, port
        self.wire = Wire(sock, timeout=timeout)
        self._secret = ""
        self.last_used = time.monotonic()
        try:
            self._protocol = Protocol(self.wire, host)
            self._client: Any = Client(self._protocol, host, port)
        except (OSError, *PROTOCOL_ERRORS) as error:
            self.wire.close()
            raise self._translated(error, "greeting") from error

    def close(self) -> None:
        """Say goodbye if that goes at once; the connection is gone in any case. Raises nothing."""
        with suppress(Exception):
            self.wire.deadline = time.monotonic() + 2
            self._protocol._simple_command("LOGOUT")
        with suppress(Exception):
            self.wire.close()

    def abort(self) -> None:
        """Break the connection from another thread; the thread that uses it gets an error and closes it."""
        self.wire.cut()

    # -- signing in

    def start_tls(self) -> None:
        if not self.offers("STARTTLS"):
            raise Refused(
                f"{self.host} offers no STARTTLS on port {self.port}.",
                "Use TLS on port 993. Without either, the password would travel readable for everybody on the way.",
            )
        try:
            self._protocol.start_tls(self.host)
        except (OSError, *PROTOCOL_ERRORS) as error:
            self.wire.close()
            raise self._translated(error, "STARTTLS") from error
        self._client._starttls_done = True
        self._client._cached_capabilities = None

    def login(self, login: str, password: str) -> None:
        """Sign in. Raises Refused when name or password are wrong, Temporary when the server is busy."""
        self._secret = password
        with self._asking("login"):
            if self._protocol.state == "AUTH":
                return  # PREAUTH
            if self.offers("LOGINDISABLED") and not self.offers("AUTH=PLAIN"):
                raise Refused(
                    f"{self.host} takes no passwords over this connection.",
                    "Use TLS on port 993 or STARTTLS; a server that still refuses wants OAuth or another method.",
                )
            try:
                self._sign_in(login, password)
            except imaplib.IMAP4.abort:
                raise
            except (imaplib.IMAP4.error, IMAPClientError) as error:
                words = bare(words_of(error, password))
                raise login_refusal(self.host, words) from None
            self._client._cached_capabilities = None
            if not self.offers("IMAP4REV1") and not self.offers("IMAP4REV2"):
                self._client._do_capabilites()
            self._introduce()

    def _sign_in(self, login: str, password: str) -> None:
        if self.offers("AUTH=PLAIN"):
            self._client.plain_login(login, password)
            return
        typ, data = self._protocol._simple_command("LOGIN", _quoted(login), _quoted(password))
        if typ != "OK":
            raise self._protocol.error(words_of(data[-1] or b"", password))
        self._protocol.state = "AUTH"

    def _introduce(self) -> None:
        """QUIRK: 163.com, 126.com and yeah.net answer 'Unsafe Login' to EXAMINE without an ID (RFC 2971)."""
        if self.offers("ID"):
            with suppress(imaplib.IMAP4.error, IMAPClientError, ValueError):
                self._client.id_({"name": "Caseway", "vendor": "Caseway"})

    def offers(self, capability: str) -> bool:
        try:
            known = {bytes(one).upper() for one in self._client.capabilities()}
        except (OSError, *PROTOCOL_ERRORS) as error:
            raise self._translated(error, "capabilities") from error
        return capability.upper().encode() in known

    def capabilities(self) -> list[str]:
        with self._asking("capabilities"):
            return sorted(bytes(one).decode("ascii", "replace") for one in self._client.capabilities())

    # -- errors

    @contextmanager
    def _asking(self, what: str, limit: int = SMALL_ANSWER) -> Iterator[None]:
        self._protocol.answer_limit = limit
        try:
            yield
        except MailboxError:
            raise
        except (OSError, *PROTOCOL_ERRORS) as error:
            raise self._translated(error, what) from error
        finally:
            self._protocol.answer_limit = SMALL_ANSWER
            self.last_used = time.monotonic()

    def _translated(self, error: BaseException, what: str) -> MailboxError:
        if isinstance(error, MailboxError):
            return error
        if isinstance(error, OSError):
            return connection_failure(error, self.host, self.port)
        if what == "greeting" and (found := stranger(self.wire.first_line, self.host, self.port)):
            return found
        words = words_of(error, self._secret)
        if isinstance(error, RecursionError):
            words = "endlessly nested brackets"
        if "EOF" in words:
            return Temporary(f"{self.host} ended the connection.", "Caseway tries again by itself.", words)
        if isinstance(error, imaplib.IMAP4.abort):
            return Temporary(f"{self.host} ended the connection.", "Caseway tries again by itself.", bare(words))
        if isinstance(error, imaplib.IMAP4.error | IMAPClientError):
            return NotHandedOverError(f"{self.host} refused a step ({what}).", "Caseway tries again.", bare(words))
        return Temporary(
            f"{self.host} answered in a way that cannot be understood ({what}).",
            "Whoever runs the server should look at it. Caseway tries again by itself.",
            words,
        )


def _quoted(text: str) -> bytes:
    """A quoted string; other letters than ASCII as UTF-8, which the servers that know them expect."""
    if "\0" in text or "\r" in text or "\n" in text:
        raise Refused("Login name and password cannot hold line breaks.", "Check what was pasted.")
    return b'"' + text.encode().replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def bare(words: str) -> str:
    """Without what imaplib and IMAPClient put around the server's words."""
    words = re.sub(r"^(?:\w+ (?:command error: (?:BAD|NO) \[)|\w+ failed: )", "", words)
    found = re.fullmatch(r"b?['\"](.*)['\"]\]?", words)
    return found[1] if found else words
