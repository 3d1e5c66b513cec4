"""TLS towards mail servers: one shared context, and what to say when a certificate is not in order."""

from __future__ import annotations

import socket
import ssl
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID
from django.conf import settings

from caseway.mailboxes.errors import Refused, Temporary

EXPIRED, NOT_YET_VALID, SELF_SIGNED, SELF_SIGNED_CHAIN, UNKNOWN_ISSUER, WRONG_HOST, WRONG_IP = (
    10, 9, 18, 19, 20, 62, 64,
)  # fmt: skip
"""X509_V_ERR_… of OpenSSL, as in SSLCertVerificationError.verify_code."""


def shared_context() -> ssl.SSLContext:
    """The one context of this process: 83 KB a connection with it, 959 KB with one each."""
    return _context(settings.CASEWAY_CA_FILE)


@lru_cache(maxsize=4)
def _context(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(cafile=str(Path(ca_file).expanduser()))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def wrap(sock: socket.socket, host: str) -> ssl.SSLSocket:
    """TLS over a connected socket, the certificate checked against `host`. Raises ssl.SSLError, OSError."""
    return shared_context().wrap_socket(sock, server_hostname=host)


def describe(sock: ssl.SSLSocket) -> str:
    """'TLS 1.3, certificate valid until 9 February 2027'."""
    version = (sock.version() or "TLS").replace("v", " ")
    der = sock.getpeercert(binary_form=True)
    if not der:
        return version
    until = x509.load_der_x509_certificate(der).not_valid_after_utc
    return f"{version}, certificate valid until {until.day} {until:%B %Y}"


def is_certificate_error(error: BaseException) -> bool:
    return isinstance(error, ssl.SSLCertVerificationError)


def certificate_refusal(error: ssl.SSLCertVerificationError, host: str, certificate: bytes | None) -> Refused:
    """What is wrong with the server's certificate, with its dates or names when `certificate` (DER) is at hand."""
    shown = _read(certificate)
    words = str(error.verify_message or error)
    match error.verify_code:
        case code if code == EXPIRED:
            when = f" on {shown.not_valid_after_utc:%-d %B %Y}" if shown else ""
            return Refused(
                f"The certificate of {host} expired{when}.", "Whoever runs the server has to renew it.", words
            )
        case code if code == NOT_YET_VALID:
            when = f" before {shown.not_valid_before_utc:%-d %B %Y}" if shown else " yet"
            return Refused(
                f"The certificate of {host} is not valid{when}.", "Check the clocks of both machines.", words
            )
        case code if code in (SELF_SIGNED, SELF_SIGNED_CHAIN, UNKNOWN_ISSUER):
            issuer = f" by “{_common_name(shown.issuer)}”" if shown else ""
            return Refused(
                f"The certificate of {host} was issued{issuer}, which this machine does not trust.",
                "Use a certificate of a public authority, or have the operator name yours in CASEWAY_CA_FILE.",
                words,
            )
        case code if code in (WRONG_HOST, WRONG_IP) or "match" in words:
            names = f" It is for {', '.join(_names(shown)) or 'no name at all'}." if shown else ""
            return Refused(
                f"The certificate belongs to another name than {host}.{names}",
                "Enter the host name that the certificate is for.",
                words,
            )
        case _:
            return Refused(
                f"The certificate of {host} is not in order.", "Whoever runs the server has to mend it.", words
            )


def handshake_failure(error: BaseException, host: str, port: int) -> Refused | Temporary:
    """Why TLS did not come about, other than for its certificate."""
    words = str(getattr(error, "reason", "") or error)
    if isinstance(error, ssl.SSLError) and ("WRONG_VERSION" in words or "UNKNOWN_PROTOCOL" in words):
        return Refused(
            f"{host} does not speak TLS on port {port}.",
            "Choose STARTTLS as security, or the port for TLS (993 for IMAP, 465 for outgoing mail).",
            words,
        )
    if isinstance(error, ssl.SSLError) and ("PROTOCOL" in words or "CIPHER" in words or "ALERT" in words):
        return Refused(
            f"{host} and Caseway have no secure version of TLS in common.", "The server needs TLS 1.2 or newer.", words
        )
    return Temporary(
        f"{host} ended the connection while TLS was being set up on port {port}.",
        "Check port and security: 993 wants TLS, 143 wants STARTTLS. Otherwise the server is in trouble; try later.",
        words,
    )


def unchecked_certificate(sock: socket.socket, host: str) -> bytes | None:
    """The certificate (DER) that the server shows, not trusted for anything but to be described."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with context.wrap_socket(sock, server_hostname=host) as wrapped:
            return wrapped.getpeercert(binary_form=True)
    except OSError:
        return None


def _read(certificate: bytes | None) -> x509.Certificate | None:
    try:
        return x509.load_der_x509_certificate(certificate) if certificate else None
    except ValueError:
        return None


def _common_name(name: x509.Name) -> str:
    for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        if found := name.get_attributes_for_oid(kind):
            return str(found[0].value)[:100]
    return name.rfc4514_string()[:100] or "nobody"


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return [_common_name(certificate.subject)]
    names = [str(name)[:100] for name in extension.value.get_values_for_type(x509.DNSName)]
    return (names + [str(ip) for ip in extension.value.get_values_for_type(x509.IPAddress)])[:8]
