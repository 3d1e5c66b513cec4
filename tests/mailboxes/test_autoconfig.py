"""Filling in the Add form by itself. DNS answers and files are given: nothing here leaves the machine."""

from types import SimpleNamespace
from typing import Any

import pytest

from caseway.mailboxes import autoconfig
from caseway.mailboxes.autoconfig import Guess, guess
from caseway.mailboxes.providers import PROVIDERS

FILE = """<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="f.example">
<incomingServer type="pop3"><hostname>pop.f.example</hostname><port>995</port>
 <socketType>SSL</socketType></incomingServer>
<incomingServer type="imap"><hostname>mail.f.example</hostname><port>993</port><socketType>SSL</socketType>
 <username>%EMAILLOCALPART%</username><authentication>password-cleartext</authentication></incomingServer>
<outgoingServer type="smtp"><hostname>mail.f.example</hostname><port>587</port>
 <socketType>STARTTLS</socketType></outgoingServer>
</emailProvider></clientConfig>"""


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], list[Any]]:
    answers: dict[tuple[str, str], list[Any]] = {}
    monkeypatch.setattr(autoconfig, "_ask", lambda name, kind: answers.get((name, kind), []))
    monkeypatch.setattr(autoconfig, "_download", lambda host, path: "")
    return answers


def test_known_providers(dns: Any) -> None:
    found = guess("Parker@GMail.com")
    assert found is not None
    assert (found.imap_host, found.imap_port, found.smtp_host) == ("imap.gmail.com", 993, "smtp.gmail.com")
    assert "app password" in found.note
    assert guess("a@icloud.com").login == "a"  # type: ignore[union-attr]


def test_domains_hosted_by_a_provider(dns: Any) -> None:
    dns["fieldnote.example", "MX"] = [SimpleNamespace(exchange="ASPMX.L.GOOGLE.COM.", preference=1)]
    found = guess("help@fieldnote.example")
    assert found is not None
    assert found.imap_host == "imap.gmail.com"
    assert found.source == "this domain’s mail is hosted by Google"
    dns["evil.example", "MX"] = [SimpleNamespace(exchange="mx.notgoogle.com.", preference=1)]
    assert guess("help@evil.example") is None


def test_service_records(dns: Any) -> None:
    dns["_imaps._tcp.f.example", "SRV"] = [
        SimpleNamespace(priority=20, weight=0, port=993, target="second.f.example."),
        SimpleNamespace(priority=10, weight=0, port=1993, target="first.f.example."),
    ]
    dns["_submission._tcp.f.example", "SRV"] = [
        SimpleNamespace(priority=0, weight=0, port=587, target="out.f.example.")
    ]
    found = guess("a@f.example")
    assert found == Guess(
        "first.f.example",
        1993,
        "tls",
        "out.f.example",
        587,
        "starttls",
        source="the domain’s own service records say so",
    )
    dns["_imaps._tcp.none.example", "SRV"] = [SimpleNamespace(priority=0, weight=0, port=0, target=".")]
    assert guess("a@none.example") is None


def test_autoconfig_file(dns: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autoconfig, "_download", lambda host, path: FILE)
    found = guess("parker@f.example")
    assert found is not None
    assert (found.imap_host, found.imap_port, found.imap_security) == ("mail.f.example", 993, "tls")
    assert (found.smtp_host, found.smtp_port, found.smtp_security) == ("mail.f.example", 587, "starttls")
    assert found.login == "parker"


@pytest.mark.parametrize(
    "text", ["", "<xml", "<incomingServer type='imap'>" * 5000, FILE.replace("mail.f.example", "a b")]
)
def test_broken_files_are_no_guess(text: str, dns: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autoconfig, "_download", lambda host, path: text)
    assert guess("parker@f.example") is None


@pytest.mark.parametrize("address", ["", "parker", "@f.example", "a@", "a@b c", "a@-x-"])
def test_no_address_no_guess(address: str, dns: Any) -> None:
    assert guess(address) is None


def test_files_are_not_fetched_from_the_inside(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CASEWAY_PRIVATE_HOSTS = []
    assert autoconfig._download("localhost", "/") == ""
    assert autoconfig._download("169.254.169.254", "/latest/meta-data") == ""


def test_the_table_is_in_order() -> None:
    domains = [domain for provider in PROVIDERS for domain in provider.domains]
    assert len(domains) == len(set(domains))
    for provider in PROVIDERS:
        assert provider.imap[1:] in {(993, "tls"), (1143, "starttls")}
        assert provider.smtp[1:] in {(465, "tls"), (587, "starttls"), (1025, "starttls")}
