"""Guessing the servers of an address, so that the Add form fills itself in.

In this order: the table of providers by domain, by the domain's MX, DNS service records (RFC 6186, RFC 8314), and the
provider's autoconfig file (config-v1.1, as Thunderbird asks for it). Each has a few seconds, and whatever a
stranger's server says is a suggestion in a form: it is checked like any host that a person types.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

import dns.exception
import dns.name
import dns.resolver

from caseway.mail.address import address_key
from caseway.mailboxes import hosts, tls
from caseway.mailboxes.errors import MailboxError
from caseway.mailboxes.fields import is_host
from caseway.mailboxes.models import Security
from caseway.mailboxes.providers import PROVIDERS, Provider
from caseway.mailboxes.wire import Wire

DNS_SECONDS = 3.0
HTTP_SECONDS = 4.0
LARGEST_FILE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Guess:
    """Servers for an address. `source` says in a sentence part how they were found; `note` what else to know."""

    imap_host: str
    imap_port: int
    imap_security: str
    smtp_host: str = ""
    smtp_port: int = 465
    smtp_security: str = Security.TLS.value
    login: str = ""
    """Login name when it is not the address."""
    provider: str = ""
    source: str = ""
    note: str = ""


def guess(address: str) -> Guess | None:
    """The servers of `address`, or None when nothing was found. Takes a few seconds at most; raises nothing."""
    local, at, domain = address_key(address).rpartition("@")
    if not at or not local or not is_host(domain):
        return None
    for provider in PROVIDERS:
        if domain in provider.domains:
            return _of(provider, address, f"this is an address of {provider.name}")
    exchangers = _exchangers(domain)
    for provider in PROVIDERS:
        if any(_is_below(name, ending) for name in exchangers for ending in provider.exchangers):
            return _of(provider, address, f"this domain’s mail is hosted by {provider.name}")
    return _from_service_records(domain) or _from_autoconfig(address, domain)


def _of(provider: Provider, address: str, source: str) -> Guess:
    return Guess(
        *provider.imap,
        *provider.smtp,
        login=address.partition("@")[0] if provider.name == "iCloud" else "",
        provider=provider.name,
        source=source,
        note=provider.note,
    )


def _exchangers(domain: str) -> list[str]:
    return [str(record.exchange).rstrip(".").lower() for record in _ask(domain, "MX")]


def _from_service_records(domain: str) -> Guess | None:
    imap = _service(f"_imaps._tcp.{domain}") or _service(f"_imap._tcp.{domain}")
    if not imap:
        return None
    imap_security = Security.TLS.value if imap[2].startswith("_imaps") else Security.STARTTLS.value
    smtp = _service(f"_submissions._tcp.{domain}") or _service(f"_submission._tcp.{domain}")
    found = Guess(imap[0], imap[1], imap_security, source="the domain’s own service records say so")
    if not smtp:
        return found
    smtp_security = Security.TLS.value if smtp[2].startswith("_submissions") else Security.STARTTLS.value
    return Guess(imap[0], imap[1], imap_security, smtp[0], smtp[1], smtp_security, source=found.source)


def _service(name: str) -> tuple[str, int, str] | None:
    """(host, port, name) of the first record in order of priority; '.' as host means 'not offered'."""
    records = sorted(_ask(name, "SRV"), key=lambda record: (record.priority, -record.weight))
    for record in records:
        host = str(record.target).rstrip(".").lower()
        if host and is_host(host) and 0 < record.port < 65536:
            return host, int(record.port), name
    return None


def _ask(name: str, kind: str) -> list[Any]:
    try:
        resolver = dns.resolver.Resolver()
        answer = resolver.resolve(dns.name.from_unicode(name), kind, lifetime=DNS_SECONDS)
        return list(answer)
    except (dns.exception.DNSException, OSError, ValueError, UnicodeError):
        return []


def _is_below(name: str, ending: str) -> bool:
    return name == ending or name.endswith("." + ending)


def _from_autoconfig(address: str, domain: str) -> Guess | None:
    for host in (f"autoconfig.{domain}", domain):
        path = "/mail/config-v1.1.xml" if host != domain else "/.well-known/autoconfig/mail/config-v1.1.xml"
        if text := _download(host, path):
            return _read(text, address)
    return None


def _download(host: str, path: str) -> str:
    """The file over HTTPS from a checked address, bounded; no redirects are followed. '' when there is none."""
    try:
        endpoints = hosts.resolve(host, 443, web=True)
        sock = hosts.connect(endpoints, seconds=HTTP_SECONDS)
        sock.settimeout(HTTP_SECONDS)
        wire = Wire(tls.wrap(sock, host), timeout=HTTP_SECONDS)
    except (MailboxError, OSError, ValueError):
        return ""
    try:
        wire.deadline = time.monotonic() + HTTP_SECONDS
        wire.begin(2 * LARGEST_FILE)
        wire.send(f"GET {path} HTTP/1.0\r\nHost: {host}\r\nUser-Agent: Caseway\r\nAccept: */*\r\n\r\n".encode("ascii"))
        if b" 200 " not in wire.readline(1024):
            return ""
        return wire.read(LARGEST_FILE).decode("utf-8", "replace")
    except (OSError, UnicodeError):
        return ""
    finally:
        wire.close()


def _read(text: str, address: str) -> Guess | None:
    """IMAP and SMTP server of a config-v1.1 file. Read by pattern: no XML parser meets a stranger's file."""
    imap = _server(text, "incomingServer", "imap")
    smtp = _server(text, "outgoingServer", "smtp")
    if not imap:
        return None
    login = imap[3].replace("%EMAILADDRESS%", address).replace("%EMAILLOCALPART%", address.partition("@")[0])
    return Guess(
        *imap[:3],
        *(smtp[:3] if smtp else ("", 465, Security.TLS.value)),
        login="" if login == address or "%" in login else login,
        source="its provider’s autoconfig file says so",
    )


def _server(text: str, element: str, kind: str) -> tuple[str, int, str, str] | None:
    pattern = rf"<{element}\s[^>]{{0,100}}type\s*=\s*[\"']{kind}[\"'][^>]{{0,100}}>(.{{0,4000}}?)</{element}>"
    for body in re.findall(pattern, text[:LARGEST_FILE], re.DOTALL):
        host, port = _element(body, "hostname").lower(), _element(body, "port")
        security = {"SSL": Security.TLS.value, "STARTTLS": Security.STARTTLS.value}.get(_element(body, "socketType"))
        if is_host(host) and port.isascii() and port.isdigit() and len(port) < 6 and security:
            return host, int(port), security, _element(body, "username")
    return None


def _element(body: str, name: str) -> str:
    found = re.search(rf"<{name}>\s{{0,20}}([^<\s]{{1,255}})\s{{0,20}}</{name}>", body)
    return found[1] if found else ""
