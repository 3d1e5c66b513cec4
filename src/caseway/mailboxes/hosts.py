"""Which hosts Caseway connects to when people type them, and the connection itself.

Whoever may fill in the Add form could point the server at the inside of its own network. So a name is resolved
once, every address is unwrapped and checked, and the very address that passed is dialled: an answer that changes
between check and connection (DNS rebinding) changes nothing. All refusals read alike and take alike long, because
their differences would map the inside.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from caseway.mailboxes.errors import HostRefusedError, Temporary

PORTS = frozenset({25, 143, 465, 587, 993, 2525})
"""Ports of mail servers. In the operator's own networks any port is allowed."""
RESOLVE_SECONDS = 8.0
REFUSAL_SECONDS = 0.3
"""A refusal takes at least this long, whatever its reason."""
CONNECT_SECONDS = 10.0

_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
_COMPATIBLE = ipaddress.ip_network("::/96")
_lookups = threading.BoundedSemaphore(16)

Ip = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that passed the check: what is dialled."""

    family: socket.AddressFamily
    address: tuple[Any, ...]

    @property
    def ip(self) -> str:
        return str(self.address[0])


def resolve(host: str, port: int, *, trusted: bool = False, web: bool = False) -> tuple[Endpoint, ...]:
    """The addresses of `host` that may be dialled on `port`, in the resolver's order.

    `trusted` is for hosts that the operator configured: no check. `web` allows port 443 too. Raises
    HostRefusedError, with one text for unknown and forbidden hosts alike, and Temporary when the name service does
    not answer.
    """
    started = time.monotonic()
    ports = PORTS | {443} if web else PORTS
    endpoints = [one for one in _lookup(host, port) if trusted or _is_allowed(one.ip, port in ports)]
    if not endpoints:
        time.sleep(max(0.0, REFUSAL_SECONDS - (time.monotonic() - started)))
        raise _refusal(host)
    return tuple(dict.fromkeys(endpoints))


def connect(endpoints: tuple[Endpoint, ...], *, seconds: float = CONNECT_SECONDS) -> socket.socket:
    """A connection to the first of the addresses that answers, within `seconds` together.

    Raises OSError of the last try.
    """
    deadline = time.monotonic() + seconds
    error: OSError = TimeoutError("timed out")
    for position, endpoint in enumerate(endpoints):
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            break
        sock = socket.socket(endpoint.family, socket.SOCK_STREAM)
        try:
            sock.settimeout(remaining / (len(endpoints) - position))
            sock.connect(endpoint.address)
        except OSError as failed:
            sock.close()
            error = failed
            continue
        _keep_alive(sock)
        return sock
    raise error


def dial(host: str, port: int, *, trusted: bool = False, seconds: float = CONNECT_SECONDS) -> socket.socket:
    """A connection to `host`, checked. Raises HostRefusedError, Temporary (no name service) or OSError."""
    return connect(resolve(host, port, trusted=trusted), seconds=seconds)


def _refusal(host: str) -> HostRefusedError:
    return HostRefusedError(
        f"There is no mail server that can be reached as “{host[:253]}” on this port.",
        "Check the spelling of the name. Mail servers are reached under public names on ports 25, 143, 465, 587, "
        "993 and 2525; one inside your network has to be allowed by the operator (CASEWAY_PRIVATE_HOSTS).",
    )


def _lookup(host: str, port: int) -> list[Endpoint]:
    """All addresses, none when the name is unknown. getaddrinfo cannot be stopped, so it runs beside."""
    name = _ascii(host)
    if not name or "%" in name:
        return []
    answer: list[Endpoint] = []
    failure: list[BaseException] = []
    if not _lookups.acquire(timeout=RESOLVE_SECONDS):
        raise _no_name_service(host)

    def look() -> None:
        try:
            for family, _, _, _, address in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM):
                if family in (socket.AF_INET, socket.AF_INET6):
                    answer.append(Endpoint(family, address))
        except (OSError, UnicodeError, OverflowError) as error:
            failure.append(error)
        finally:
            _lookups.release()

    thread = threading.Thread(target=look, name="resolve", daemon=True)
    thread.start()
    thread.join(RESOLVE_SECONDS)
    if thread.is_alive():
        raise _no_name_service(host)
    if failure and isinstance(failure[0], socket.gaierror) and failure[0].errno == socket.EAI_AGAIN:
        raise _no_name_service(host)
    return list(answer)


def _no_name_service(host: str) -> Temporary:
    return Temporary(
        f"The name service (DNS) did not answer for “{host[:253]}”.", "Try again, or check this machine's DNS."
    )


def _ascii(host: str) -> str:
    host = host.strip().strip("[]").rstrip(".")
    if host.isascii():
        return host
    import idna

    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        return ""


def _is_allowed(ip: str, is_mail_port: bool) -> bool:
    if _in_operators_network(ip):
        return True
    return is_mail_port and all(address.is_global and not address.is_multicast for address in _unwrap(ip))


def _in_operators_network(ip: str) -> bool:
    networks = _operators_networks()
    return bool(networks) and all(
        any(address.version == network.version and address in network for network in networks)
        for address in _unwrap(ip)
    )


def _unwrap(ip: str) -> Iterator[Ip]:
    """The addresses that a packet to `ip` may end at: every IPv4 address that hides in an IPv6 one."""
    address = ipaddress.ip_address(ip.partition("%")[0])
    if isinstance(address, IPv4Address):
        yield address
        return
    hidden: list[IPv4Address] = []
    if address.ipv4_mapped:
        yield address.ipv4_mapped
        return
    if address.sixtofour:
        hidden.append(address.sixtofour)
    if address.teredo:
        hidden.extend(address.teredo)
    if any(address in network for network in _NAT64) or (address in _COMPATIBLE and int(address) > 1):
        hidden.append(IPv4Address(int(address) & 0xFFFFFFFF))
    yield address
    yield from hidden


def _operators_networks() -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    try:
        return [ipaddress.ip_network(text, strict=False) for text in settings.CASEWAY_PRIVATE_HOSTS]
    except ValueError as error:
        raise ImproperlyConfigured(
            f"CASEWAY_PRIVATE_HOSTS holds networks such as 10.0.0.0/8 or 127.0.0.0/8: {error}."
        ) from None


def _keep_alive(sock: socket.socket) -> None:
    """Notice within minutes when a router on the way forgot the connection: IDLE alone would wait for ever."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 20), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
