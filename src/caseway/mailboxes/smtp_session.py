"""One SMTP session over a connected socket: bounded answers, and an error for everything that goes wrong."""

from __future__ import annotations

import base64
import re
import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from caseway.accounts.crash_points import reach
from caseway.mail.model import OutgoingEmail
from caseway.mailboxes import tls
from caseway.mailboxes.errors import MailboxError, Refused, Temporary, Uncertain
from caseway.mailboxes.explain import connection_failure, login_refusal, words_of
from caseway.mailboxes.models import Security
from caseway.mailboxes.outgoing import OutgoingServer
from caseway.mailboxes.wire import Wire

TIMEOUT = 30.0
ANSWER_SECONDS = 120.0
"""Wait for the answer to the last dot: RFC 5321 4.5.3.2.6 says 10 minutes; all but a few answer in one second."""
_AGAIN = "Caseway tries again by itself."
UNSAFE = re.compile(r"[\x00-\x20\x7f<>]")


@dataclass(frozen=True, slots=True)
class RefusedRecipient:
    address: str
    words: str
    is_temporary: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """The server took the message for every recipient but the `refused` ones."""

    words: str
    refused: tuple[RefusedRecipient, ...] = ()


class _Smtp(smtplib.SMTP):
    """smtplib over a connected socket, with bounded answers."""

    def __init__(self, sock: Any, host: str) -> None:
        self._given = sock
        self.wire = Wire(sock, timeout=TIMEOUT)
        super().__init__(timeout=TIMEOUT, local_hostname=urlsplit(settings.CASEWAY_URL).hostname or "localhost")
        self._host = host
        self.sock = sock
        self.file: Any = self.wire

    def getreply(self) -> tuple[int, bytes]:
        self.wire.begin(64 * 1024)
        return super().getreply()

    def send(self, s: Any) -> None:
        self.wire.send(s.encode("utf-8" if self.command_encoding == "utf-8" else "ascii") if isinstance(s, str) else s)

    def start_tls(self) -> None:
        """STARTTLS; what came in the clear behind the answer is refused (CVE-2011-0411)."""
        code, words = self.docmd("STARTTLS")
        if code != 220:
            raise smtplib.SMTPResponseException(code, words)
        if self.wire.buffered:
            raise smtplib.SMTPServerDisconnected("plain text behind STARTTLS")
        self.wire.sock.settimeout(20)
        self.wire.sock = self.sock = tls.wrap(self.wire.sock, self._host)
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False

    def close(self) -> None:
        self.wire.close()


class Connection:
    """One SMTP session. `sign_in`, then `deliver`; every error is a MailboxError."""

    def __init__(self, sock: Any, server: OutgoingServer) -> None:
        """Reads the greeting and says EHLO, in TLS when the server's row says STARTTLS.

        Raises MailboxError, OSError or smtplib's errors: use `greet`.
        """
        self.server = server
        self.is_over = False
        """The server ended the session, or the connection broke: nothing more can be sent over it."""
        self._smtp = _Smtp(sock, server.host)
        self.wire = self._smtp.wire
        code, words = self._smtp.getreply()
        if code != 220:
            raise self._refusal(code, words, "greeting")
        self._hello()
        if server.security == Security.STARTTLS:
            if not self._smtp.has_extn("starttls"):
                raise Refused(
                    f"{server.host} offers no STARTTLS on port {server.port}.", "Use TLS on port 465, or another port."
                )
            self._smtp.start_tls()
            self._hello()

    def _hello(self) -> None:
        if not 200 <= self._smtp.ehlo()[0] <= 299:
            code, words = self._smtp.helo()
            if not 200 <= code <= 299:
                raise self._refusal(code, words, "greeting")

    def sign_in(self) -> None:
        """Sign in when the server's row has a login. Raises Temporary or Refused."""
        server = self.server
        offered = self._smtp.esmtp_features.get("auth", "").upper().replace("=", " ").split()
        if not server.login or not (server.must_sign_in or offered):
            return
        secret = base64.b64encode(f"\0{server.login}\0{server.password}".encode()).decode()
        try:
            if "PLAIN" in offered:
                code, words = self._smtp.docmd("AUTH", f"PLAIN {secret}")
            elif "LOGIN" in offered:
                code, words = self._smtp.docmd("AUTH", "LOGIN")
                for answer in (server.login, server.password):
                    if code == 334:
                        code, words = self._smtp.docmd(base64.b64encode(answer.encode()).decode())
            else:
                raise Refused(
                    f"{server.host} takes no passwords on port {server.port}.",
                    "Check port and security: 465 with TLS or 587 with STARTTLS. Leave the outgoing login empty "
                    "for a server that wants none.",
                    " ".join(offered),
                )
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise failure(error, server) from error
        if code not in (235, 503):
            echoes = (server.password, base64.b64encode(server.password.encode()).decode(), secret)
            said = f"{code} {words_of(words, *echoes)}"
            if 400 <= code <= 499:
                raise Temporary("The outgoing server does not take logins at the moment.", "Try again later.", said)
            raise login_refusal(server.host, said)

    def may_send_from(self, address: str) -> None:
        """Ask whether `address` may send, without sending (MAIL FROM, then RSET). Raises Temporary or Refused."""
        check_address(address)
        try:
            code, words = self._smtp.mail(address)
            if code != 250:
                raise self._refusal(code, words, "sender")
            self._smtp.rset()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise failure(error, self.server) from error

    def deliver(self, email: OutgoingEmail, before_last_dot: Callable[[], object] | None = None) -> Receipt:
        """One message. Raises Temporary, Refused or Uncertain, or what `before_last_dot` raises."""
        try:
            self._announce(email)
            refused = self._name_recipients(email)
            reach("send:announced")
            code, words = self._smtp.docmd("DATA")
            if code != 354:
                raise self._refusal(code, words, "message")
            self._smtp.send(_dotted(email.raw))
        except (OSError, smtplib.SMTPException, ValueError) as error:
            self.is_over = True
            raise failure(error, self.server) from error
        if before_last_dot is not None:
            try:
                before_last_dot()
            except BaseException:
                self._smtp.close()  # no QUIT: it would be a line of the message
                raise
        if self.wire.is_over():
            self.is_over = True
            self._smtp.close()
            raise Temporary(f"{self.server.host} ended the connection before it had the whole message.", _AGAIN)
        return self._finish(refused)

    def close(self) -> None:
        """Say QUIT if that goes at once. Raises nothing: what was sent stays sent."""
        try:
            self.wire.timeout = 2.0
            self._smtp.docmd("QUIT")
        except Exception:  # noqa: S110 - the answer to QUIT says nothing that matters
            pass
        finally:
            self._smtp.close()

    def _announce(self, email: OutgoingEmail) -> None:
        options = []
        self._smtp.command_encoding = "ascii"
        largest = self._smtp.esmtp_features.get("size", "")
        if largest.isdigit() and 0 < int(largest) < len(email.raw):
            raise Refused(
                f"The message has {len(email.raw) // 1024} KB; {self.server.host} takes {int(largest) // 1024} KB.",
                "Send smaller files, or a link to them.",
            )
        if email.needs_smtputf8:
            if not self._smtp.has_extn("smtputf8"):
                raise Refused(
                    f"{self.server.host} cannot send to addresses with other letters than ASCII (no SMTPUTF8).",
                    "Use another address of the recipient, or another outgoing server.",
                )
            self._smtp.command_encoding = "utf-8"
            options.append("SMTPUTF8")
        if not email.raw.isascii() and self._smtp.has_extn("8bitmime"):
            options.append("BODY=8BITMIME")
        code, words = self._smtp.docmd("MAIL", " ".join([f"FROM:<{email.envelope_from}>", *options]))
        if code != 250:
            raise self._refusal(code, words, "sender")

    def _name_recipients(self, email: OutgoingEmail) -> tuple[RefusedRecipient, ...]:
        refused: list[RefusedRecipient] = []
        for address in email.recipients:
            code, words = self._smtp.docmd("RCPT", f"TO:<{address}>")
            if code == 421:
                raise self._refusal(code, words, "recipient")
            if code not in (250, 251):
                refused.append(RefusedRecipient(address, f"{code} {words_of(words)}", 400 <= code <= 499))
        if len(refused) == len(email.recipients):
            first = next((one for one in refused if one.is_temporary), refused[0])
            kind = Temporary if first.is_temporary else Refused
            fix = _AGAIN if first.is_temporary else "Check the recipient's address."
            raise kind(f"The server does not take mail for {first.address}.{_hint(first.words)}", fix, first.words)
        return tuple(refused)

    def _finish(self, refused: tuple[RefusedRecipient, ...]) -> Receipt:
        """The last dot and its answer: from here on silence means uncertain."""
        try:
            self.wire.timeout = ANSWER_SECONDS
            self._smtp.send(b".\r\n")
            reach("send:handed-over")
            code, words = self._smtp.getreply()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise _uncertain(self.server, words_of(error)) from error
        if 200 <= code <= 299:
            return Receipt(f"{code} {words_of(words)}", refused)
        if 400 <= code <= 599:
            raise self._refusal(code, words, "message")
        raise _uncertain(self.server, f"{code} {words_of(words)}")

    def _refusal(self, code: int, words: bytes, what: str) -> MailboxError:
        said = f"{code} {words_of(words, self.server.password)}"
        if code < 0 or code == 421:
            self.is_over = True
            return Temporary(f"{self.server.host} ended the connection.", _AGAIN, said)
        if 400 <= code <= 499:
            return Temporary(f"The server put the {what} off.{_hint(said)}", _AGAIN, said)
        cause, fix = _REFUSALS.get(what, ("The server refused.", ""))
        return Refused(cause + _hint(said), fix, said)


def _hint(words: str) -> str:
    """What well-known words mean, as a sentence to add; '' for others."""
    if re.search("gr[ea]y", words, re.IGNORECASE):
        return " This is usual for a first contact (greylisting) and passes within minutes."
    if re.search(r"quota|\bfull\b|[45]\.2\.2|\b552\b", words, re.IGNORECASE):
        return " The mailbox there is full."
    return ""


_REFUSALS = {
    "greeting": ("The outgoing server does not want to talk.", "Check host and port of the outgoing server."),
    "sender": (
        "The outgoing server does not let this address send.",
        "Enter the login that belongs to the address, or have the server's administrator allow it.",
    ),
    "message": ("The server refused the message.", "Its own line says why."),
}


def check_address(address: str) -> None:
    """No line break, angle bracket or space: nothing that could become a command of its own."""
    if UNSAFE.search(address) or "@" not in address or len(address) > 320:
        raise Refused(f"“{address[:100]!r}” is not an address that mail can be sent to.", "Correct it.")


def _dotted(raw: bytes) -> bytes:
    """Every line end as CRLF (a lone CR or LF is how messages are smuggled), and dots doubled (RFC 5321 4.5.2)."""
    text = re.sub(rb"\r\n|\r|\n", b"\r\n", raw)
    text = re.sub(rb"(?m)^\.", b"..", text)
    return text if text.endswith(b"\r\n") else text + b"\r\n"


def failure(error: BaseException, server: OutgoingServer) -> MailboxError:
    if isinstance(error, smtplib.SMTPResponseException):
        said = f"{error.smtp_code} {words_of(error.smtp_error, server.password)}"
        kind = Refused if 500 <= error.smtp_code <= 599 else Temporary
        return kind(f"{server.host} refused.", "Its own line says why.", said)
    if isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException):
        return connection_failure(error, server.host, server.port)
    if isinstance(error, UnicodeError):
        return Refused("Login or address hold letters that this server cannot take.", "Use ASCII letters.")
    said = words_of(error, server.password)
    return Temporary(f"The connection to {server.host} broke.", _AGAIN, said)


def _uncertain(server: OutgoingServer, words: str) -> Uncertain:
    return Uncertain(
        f"{server.host} took the message and then fell silent: it may have been sent.",
        "Look into the Sent folder or ask the recipient before sending it again.",
        words,
    )
