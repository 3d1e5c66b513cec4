"""Sending one message by SMTP, so that the caller always knows what became of it.

Temporary: not taken, try again. Refused: only a person can mend it. Uncertain: the last dot was sent and no answer
came, so it may have been delivered (RFC 1047): it is never sent again blindly.
"""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Callable
from typing import Any

from caseway.accounts.crash_points import reach
from caseway.mail.model import OutgoingEmail
from caseway.mailboxes import hosts, tls
from caseway.mailboxes.errors import Refused
from caseway.mailboxes.explain import connection_failure
from caseway.mailboxes.models import Security
from caseway.mailboxes.outgoing import OutgoingServer, outgoing_server
from caseway.mailboxes.smtp_session import Connection, Receipt, RefusedRecipient, check_address, failure

__all__ = ["Connection", "OutgoingServer", "Receipt", "RefusedRecipient", "connect", "greet", "outgoing_server", "send"]

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
