"""A second, closer look when a connection could not be set up: what certificate is shown, what speaks on the port."""

from __future__ import annotations

import ssl
import time
from typing import Any, Literal

from caseway.mailboxes import hosts, tls
from caseway.mailboxes.errors import MailboxError, Refused
from caseway.mailboxes.explain import stranger, words_of
from caseway.mailboxes.models import Security
from caseway.mailboxes.wire import Wire

Kind = Literal["imap", "smtp"]
LOOK_SECONDS = 6.0


def explained(
    error: MailboxError, endpoints: tuple[hosts.Endpoint, ...], host: str, port: int, security: str, *, kind: Kind
) -> MailboxError:
    """`error` of setting up a connection, made more exact where another look tells more. Raises nothing."""
    try:
        cause = error.__cause__
        if isinstance(cause, ssl.SSLCertVerificationError):
            return tls.certificate_refusal(cause, host, _certificate(endpoints, host, security, kind))
        if security == Security.TLS and isinstance(cause, OSError):
            return _plain_speaker(endpoints, host, port, kind) or error
        if security != Security.TLS and isinstance(cause, OSError) and _speaks_tls(endpoints, host):
            return Refused(
                f"Port {port} of {host} speaks TLS from the first byte.",
                "Choose TLS as security for this port.",
                error.server_words,
            )
    except (OSError, ValueError):
        pass
    return error


def _plain_speaker(endpoints: tuple[hosts.Endpoint, ...], host: str, port: int, kind: Kind) -> Refused | None:
    """What greets without TLS on a port that was asked for TLS."""
    wire = _wire(endpoints)
    try:
        line = wire.readline(4096)
    except OSError:
        return None
    finally:
        wire.close()
    ours = line.startswith(b"* OK") if kind == "imap" else line.startswith(b"220")
    if ours:
        return Refused(
            f"{host} does not speak TLS on port {port}, but begins in the clear.",
            "Choose STARTTLS as security, or the port for TLS (993 for IMAP, 465 for outgoing mail).",
            words_of(line),
        )
    return stranger(line, host, port) if kind == "imap" else None


def _speaks_tls(endpoints: tuple[hosts.Endpoint, ...], host: str) -> bool:
    sock = hosts.connect(endpoints, seconds=LOOK_SECONDS)
    sock.settimeout(LOOK_SECONDS)
    try:
        return tls.unchecked_certificate(sock, host) is not None
    finally:
        sock.close()


def _certificate(endpoints: tuple[hosts.Endpoint, ...], host: str, security: str, kind: Kind) -> bytes | None:
    wire = _wire(endpoints)
    try:
        if security == Security.STARTTLS:
            _ask_for_tls(wire, kind)
        sock: Any = wire.sock
        sock.settimeout(LOOK_SECONDS)
        return tls.unchecked_certificate(sock, host)
    finally:
        wire.close()


def _ask_for_tls(wire: Wire, kind: Kind) -> None:
    wire.readline(4096)
    if kind == "imap":
        wire.send(b"a STARTTLS\r\n")
        while (line := wire.readline(4096)) and not line.startswith(b"a "):
            pass
        return
    wire.send(b"EHLO localhost\r\n")
    while wire.readline(4096)[3:4] == b"-":
        pass
    wire.send(b"STARTTLS\r\n")
    wire.readline(4096)


def _wire(endpoints: tuple[hosts.Endpoint, ...]) -> Wire:
    wire = Wire(hosts.connect(endpoints, seconds=LOOK_SECONDS), timeout=LOOK_SECONDS)
    wire.deadline = time.monotonic() + LOOK_SECONDS
    return wire
