"""What a mail server's words mean, and what a person can do about it."""

from __future__ import annotations

import re
import socket
import ssl

from caseway.mailboxes import tls
from caseway.mailboxes.errors import LoginRefusedError, MailboxError, Refused, Temporary
from caseway.mailboxes.wire import WireError

LONGEST_WORDS = 300

PASSING = re.compile(
    r"\[(UNAVAILABLE|INUSE|LIMIT|THROTTLED|SERVERBUG|OVERQUOTA-TEMP)\]|too many|temporar|try again|later"
    r"|timeout|timed out|maximum number of connections|simultaneous|rate limit|throttl|internal error|server busy"
    r"|not connected|backend|unavailable|concurrent",
    re.IGNORECASE,
)
"""A refused login that is about the server's state, not about the password."""

LOGIN_CAUSES: tuple[tuple[str, str, str, str], ...] = (
    # host pattern, words pattern, cause, fix
    (
        r"gmail|google",
        r"application-specific|app password|app-specific",
        "Google accepts only an app password here, not the password of the account.",
        "Turn on 2-Step Verification, make an app password under myaccount.google.com/apppasswords, enter it here.",
    ),
    (
        r"gmail|google",
        r"web browser|webalert",
        "Google wants the account's owner to sign in with a browser first.",
        "Sign in to the account with a browser, confirm that it was you, then authenticate again with an app password.",
    ),
    (
        r"gmail|google",
        r"",
        "Google refused this login. It takes no account passwords from mail programs, only app passwords.",
        "Make an app password (16 letters) under myaccount.google.com/apppasswords and enter it here.",
    ),
    (
        r"outlook|office365|hotmail|live\.com|microsoft",
        r"",
        "Microsoft refused this login. It has switched off passwords (basic authentication) for mail programs.",
        "An administrator of the tenant may forward the address to a mailbox elsewhere; connect that one.",
    ),
    (
        r"yahoo|aol",
        r"",
        "Yahoo refused this login. It accepts only app passwords from mail programs.",
        "Make an app password in the account's security settings and enter it here.",
    ),
    (
        r"me\.com|icloud|apple",
        r"",
        "iCloud refused this login. It accepts only app-specific passwords.",
        "Make one under account.apple.com → Sign-In and Security, and use the part before the @ as login name.",
    ),
    (
        r"gmx|web\.de|mail\.ru|yandex|163\.com|126\.com|qq\.com|zoho",
        r"",
        "The server refused this login. This provider has IMAP switched off until its owner allows it.",
        "Switch on IMAP in the account's settings on the web, and use an app password where it offers one.",
    ),
    (
        r"",
        r"disabled|not enabled|not allowed|privacyrequired|expired|blocked|suspended|locked",
        "The server does not let this account sign in.",
        "Read the server's own line below; its administrator can lift this.",
    ),
    (
        r"",
        r"",
        "The server refused this login name and password.",
        "Check both. Some servers want the login name without the part after the @, or an app password.",
    ),
)


def words_of(value: object, *secrets: str) -> str:
    """The server's own words on one line, bounded, with `secrets` struck out should the server have echoed them."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    for secret in secrets:
        if len(secret) > 3:
            text = text.replace(secret, "•••")
    text = " ".join("".join(c if c.isprintable() else " " for c in text[:2000]).split())
    return text if len(text) <= LONGEST_WORDS else text[: LONGEST_WORDS - 1] + "…"


def login_refusal(host: str, words: str) -> MailboxError:
    """A refused login: Temporary when the server was busy, else Refused with the provider's own way out."""
    if PASSING.search(words):
        return Temporary("The server does not take logins at the moment.", "Caseway tries again by itself.", words)
    for host_pattern, words_pattern, cause, fix in LOGIN_CAUSES:
        if re.search(host_pattern, host, re.IGNORECASE) and re.search(words_pattern, words, re.IGNORECASE):
            return LoginRefusedError(cause, fix, words)
    raise AssertionError("the last row fits everything")


def connection_failure(error: BaseException, host: str, port: int) -> MailboxError:
    """An OSError while connecting or talking, as a MailboxError."""
    if isinstance(error, MailboxError):
        return error
    if isinstance(error, ssl.SSLCertVerificationError):
        return tls.certificate_refusal(error, host, None)
    words = words_of(error)
    if isinstance(error, WireError):
        return Temporary(
            f"{host} answered in a way that no mail server should: {words}.",
            "Whoever runs the server should look at it. Caseway tries again by itself.",
            words,
        )
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return tls.handshake_failure(error, host, port)
    if isinstance(error, ConnectionRefusedError):
        return Temporary(
            f"Nothing listens on port {port} of {host}.",
            "Check the port: 993 for IMAP with TLS, 143 with STARTTLS; 465 or 587 for outgoing mail.",
            words,
        )
    if isinstance(error, TimeoutError):
        return Temporary(
            f"{host} did not answer on port {port} in time.",
            "Check host and port; a firewall may be in the way. Otherwise the server is slow; try later.",
            words,
        )
    if isinstance(error, socket.gaierror):
        return Temporary(f"The name {host} could not be looked up.", "Check the spelling.", words)
    return Temporary(f"The connection to {host} broke.", "Caseway tries again by itself.", words)


def stranger(first_line: bytes, host: str, port: int) -> Refused | None:
    """What speaks on the port when it is no IMAP server; None when the line does not tell."""
    line = first_line.lstrip()
    words = words_of(first_line)
    if line.startswith(b"+OK"):
        return Refused(
            f"{host} is a POP3 server on port {port}, not an IMAP server.",
            "Caseway needs IMAP: usually port 993. Some providers have to switch it on for the account first.",
            words,
        )
    if re.match(rb"220[ -]", line):
        return Refused(
            f"{host} is a server for outgoing mail (SMTP) on port {port}, not an IMAP server.",
            "Enter it under 'More options' as outgoing server, and the IMAP server here: usually port 993.",
            words,
        )
    if line and not line.startswith((b"* OK", b"* PREAUTH", b"* BYE")):
        return Refused(
            f"What answers on port {port} of {host} is not an IMAP server.",
            "Check host and port: usually 993 with TLS or 143 with STARTTLS.",
            words,
        )
    return None
