"""Through which server mail leaves: the mailbox's own, or the system's."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from django.conf import settings

from caseway.mailboxes.errors import Refused
from caseway.mailboxes.models import Mailbox, Security


@dataclass(frozen=True, slots=True)
class OutgoingServer:
    """A server to send through."""

    host: str
    port: int
    security: str
    login: str = ""
    password: str = field(default="", repr=False)
    is_operators: bool = False
    """Configured by the operator, so its address is not checked."""
    must_sign_in: bool = True
    """False: the login is only the mailbox's own, and a server that asks for none is used without."""


def outgoing_server(mailbox: Mailbox | None) -> OutgoingServer:
    """The mailbox's own server, else the system's (CASEWAY_SMTP_URL). Raises Refused when there is neither."""
    if mailbox is not None and mailbox.smtp_host:
        return OutgoingServer(
            host=mailbox.smtp_host,
            port=mailbox.smtp_port,
            security=mailbox.smtp_security,
            login=mailbox.smtp_login or mailbox.login,
            password=mailbox.smtp_password if mailbox.smtp_login else mailbox.smtp_password or mailbox.password,
            must_sign_in=bool(mailbox.smtp_login),
        )
    if settings.CASEWAY_SMTP_URL:
        return _from_url(settings.CASEWAY_SMTP_URL)
    raise Refused(
        "There is no server to send through.",
        "Give the address an outgoing server, or have the operator set CASEWAY_SMTP_URL.",
    )


def _from_url(url: str) -> OutgoingServer:
    parts = urlsplit(url)
    kinds = {"smtp": (Security.STARTTLS, 587), "smtps": (Security.TLS, 465), "smtp+plain": (Security.PLAIN, 25)}
    try:
        security, port = kinds[parts.scheme]
        port = parts.port or port
    except (KeyError, ValueError):
        raise Refused(
            "CASEWAY_SMTP_URL cannot be read.",
            "It should look like smtp://user:password@host:587, smtps://host:465 or smtp+plain://127.0.0.1:25.",
        ) from None
    login = unquote(parts.username or "")
    return OutgoingServer(
        parts.hostname or "localhost", port, security.value, login, unquote(parts.password or ""), is_operators=True
    )
