"""Which hosts are dialled: every disguise of an inside address is refused, alike and after alike long."""

import socket
import time
from typing import Any

import pytest

from caseway.mailboxes import hosts
from caseway.mailboxes.errors import HostRefusedError
from tests.mailboxes.scripted import ScriptedServer

INSIDE = [
    "127.0.0.1",
    "2130706433",
    "0x7f.1",
    "127.1",
    "0",
    "0.0.0.0",
    "localhost",
    "10.1.2.3",
    "192.168.1.1",
    "172.16.0.9",
    "100.64.0.1",
    "169.254.169.254",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "[::1]",
    "fe80::1",
    "fe80::1%lo",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "2001:0:808:808:0:0:80ff:fffe",
    "no-such-host.invalid",
    "",
    "a b",
    "exa\x00mple.com",
    "x" * 300,
]


@pytest.fixture(autouse=True)
def no_operators_networks(settings: Any) -> None:
    settings.CASEWAY_PRIVATE_HOSTS = []


@pytest.mark.parametrize("host", INSIDE)
def test_inside_addresses_are_refused_in_every_disguise(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "REFUSAL_SECONDS", 0.0)
    with pytest.raises(HostRefusedError) as refused:
        hosts.dial(host, 993)
    assert str(refused.value).replace(f"“{host[:253]}”", "HOST") == text_of_10()
    assert refused.value.server_words == ""


@pytest.mark.parametrize("port", [22, 80, 110, 5432, 6379])
def test_other_ports_are_refused_with_the_same_text(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "REFUSAL_SECONDS", 0.0)
    assert str(refusal_of("8.8.8.8", port)).replace("“8.8.8.8”", "HOST") == text_of_10()


def test_public_addresses_pass_on_mail_ports() -> None:
    assert [one.ip for one in hosts.resolve("8.8.8.8", 993)] == ["8.8.8.8"]
    assert [one.ip for one in hosts.resolve("2001:4860:4860::8888", 465)] == ["2001:4860:4860::8888"]


def test_refusals_take_alike_long() -> None:
    durations = []
    for host, port in (("127.0.0.1", 993), ("8.8.8.8", 22), ("169.254.169.254", 993)):
        started = time.monotonic()
        refusal_of(host, port)
        durations.append(time.monotonic() - started)
    assert max(durations) - min(durations) < 0.25  # far below what a connection or a lookup would show
    assert min(durations) >= hosts.REFUSAL_SECONDS


def test_no_connection_is_made_to_a_refused_address() -> None:
    with ScriptedServer(lambda peer: None) as server:
        refusal_of("127.0.0.1", server.port)
        assert server.connections == 0


def test_operators_networks_are_open_on_any_port_also_in_disguise(settings: Any) -> None:
    settings.CASEWAY_PRIVATE_HOSTS = ["127.0.0.0/8"]
    with ScriptedServer(lambda peer: peer.say(b"hello\r\n")) as server:
        for host in ("127.0.0.1", "2130706433", "localhost"):
            with hosts.dial(host, server.port) as sock:
                assert sock.recv(5) == b"hello"
    with pytest.raises(HostRefusedError):
        hosts.dial("10.0.0.1", 993)


def test_a_name_that_changes_its_answer_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the answer is asked for once, and what was checked is what is dialled."""
    answers = [["8.8.8.8", "127.0.0.1"], ["127.0.0.1"], ["127.0.0.1"]]

    def lookup(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in answers.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    assert [one.ip for one in hosts.resolve("rebinding.example", 993)] == ["8.8.8.8"]
    assert len(answers) == 2


def test_a_name_service_that_hangs_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    from caseway.mailboxes.errors import Temporary

    forever = threading.Event()
    monkeypatch.setattr(hosts, "RESOLVE_SECONDS", 0.05)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [forever.wait(10)][1:])
    with pytest.raises(Temporary, match="name service"):
        hosts.resolve("slow.example", 993)
    forever.set()


def refusal_of(host: str, port: int = 993) -> HostRefusedError:
    with pytest.raises(HostRefusedError) as refused:
        hosts.dial(host, port)
    return refused.value


def text_of_10() -> str:
    return str(refusal_of("10.0.0.1")).replace("“10.0.0.1”", "HOST")
