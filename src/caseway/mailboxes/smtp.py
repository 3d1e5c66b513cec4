"""Sending one message by SMTP, so that the caller always knows what became of it.

Temporary: not taken, try again. Refused: only a person can mend it. Uncertain: the last dot was sent and no answer
came, so it may have been delivered (RFC 1047): it is never sent again blindly.
"""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Callable
from typing import Any, Self

from caseway.accounts.crash_points import reach
from caseway.mail.model import OutgoingEmail
from caseway.mailboxes import hosts, tls
from caseway.mailboxes.errors import Refused, Temporary
from caseway.mailboxes.explain import connection_failure
from caseway.mailboxes.models import Security
from caseway.mailboxes.outgoing import OutgoingServer, outgoing_server
from caseway.mailboxes.smtp_session import Connection, Receipt, RefusedRecipient, check_address, failure

__all__ = [
    "Connection",
    "Courier",
    "OutgoingServer",
    "Receipt",
    "RefusedRecipient",
    "connect",
    "greet",
    "outgoing_server",
    "send",
]

MOST_MESSAGES = 50
"""Over one connection: servers limit it, often to 100."""
SESSION_SECONDS = 240.0
"""The whole of one `send`: less than the lease that its caller holds."""


def send(server: OutgoingServer, email: OutgoingEmail, before_last_dot: Callable[[], object] | None = None) -> Receipt:
    """Hand `email` over. Raises Temporary, Refused or Uncertain; no transaction may be open meanwhile.

    `before_last_dot()` is called when all but the last dot is sent: what it raises ends the connection, and the server
    drops the message (RFC 5321 4.1.1.4).
    """
    _check(email)
    connection = connect(server)
    reach("send:connected")
    try:
        return connection.deliver(email, before_last_dot)
    finally:
        connection.close()


class Courier:
    """Sends one message after another; those through the same server share a connection. Use as a context manager.

    What a caller learns of each message is what `send` would have told. Only a connection that was kept open and that
    the server ended meanwhile, before it took the message, is opened anew without a word.
    """

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self._sent = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def send(
        self, server: OutgoingServer, email: OutgoingEmail, before_last_dot: Callable[[], object] | None = None
    ) -> Receipt:
        """Hand `email` over, as `send` does."""
        _check(email)
        kept = self._connection
        if kept is not None and kept.server == server and self._sent < MOST_MESSAGES:
            kept.wire.deadline = time.monotonic() + SESSION_SECONDS
            try:
                return self._deliver(kept, email, before_last_dot)
            except Temporary:
                if not kept.is_over:
                    raise
        self._close()
        self._connection = connect(server)
        reach("send:connected")
        return self._deliver(self._connection, email, before_last_dot)

    def _deliver(
        self, connection: Connection, email: OutgoingEmail, before_last_dot: Callable[[], object] | None
    ) -> Receipt:
        try:
            receipt = connection.deliver(email, before_last_dot)
        except BaseException:  # a session is not kept in the middle of a message
            self._close()
            raise
        self._sent += 1
        return receipt

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection, self._sent = None, 0


def connect(server: OutgoingServer) -> Connection:
    """Dial, protect, greet and sign in. Raises Temporary or Refused."""
    try:
        sock = hosts.dial(server.host, server.port, trusted=server.is_operators)
    except OSError as error:
        raise connection_failure(error, server.host, server.port) from error
    connection = greet(sock, server)
    connection.wire.deadline = time.monotonic() + SESSION_SECONDS
    try:
        connection.sign_in()
    except BaseException:
        connection.close()
        raise
    return connection


def greet(sock: Any, server: OutgoingServer) -> Connection:
    """Speak SMTP over a connected socket, up to and with TLS. Raises Temporary or Refused."""
    try:
        if server.security == Security.TLS:
            sock.settimeout(20)
            sock = tls.wrap(sock, server.host)
        return Connection(sock, server)
    except ssl.SSLCertVerificationError as error:
        sock.close()
        raise tls.certificate_refusal(error, server.host, None) from error
    except ssl.SSLError as error:
        sock.close()
        raise tls.handshake_failure(error, server.host, server.port) from error
    except (OSError, smtplib.SMTPException, ValueError) as error:
        sock.close()
        raise failure(error, server) from error
    except BaseException:
        sock.close()
        raise


def _check(email: OutgoingEmail) -> None:
    if not email.recipients:
        raise Refused("The message has no recipient.", "Name at least one.")
    for address in (*email.recipients, *([email.envelope_from] if email.envelope_from else [])):
        check_address(address)
