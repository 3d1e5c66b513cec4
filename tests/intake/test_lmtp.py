"""Mail servers hand mail over by LMTP and SMTP: 250 means that it is in the ledger, and nothing else does."""

import asyncio
import smtplib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from caseway.accounts.models import Organisation
from caseway.accounts.scope import every_organisation, organisation_scope
from caseway.cases.models import Case
from caseway.intake import lmtp
from caseway.intake.models import Door, InboundEmail, InboundState
from caseway.intake.process import process_pending
from tests.companies import Company, make_company
from tests.mails import mail
from tests.servers.ports import free_port
from tests.servers.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

SENDER, SUPPORT = "parker@brightwater.example", "support@fieldnote.example"


@contextmanager
def serving(path: Path | None = None, **values: Any) -> Iterator[int]:
    """The door on a free port (or a Unix socket), in a thread; yields the port."""
    port, loop, ready = free_port(), asyncio.new_event_loop(), threading.Event()
    stop: list[asyncio.Event] = []

    async def run() -> None:
        stop.append(asyncio.Event())
        desk = lmtp.Desk(**values)
        where: dict[str, Any] = {"path": str(path)} if path else {"host": "127.0.0.1", "port": port}
        loop.call_soon(ready.set)
        await lmtp.serve(desk, stop[0], **where)

    def thread() -> None:
        try:
            loop.run_until_complete(run())
        finally:
            connection.close()

    running = threading.Thread(target=thread)
    running.start()
    try:
        assert ready.wait(10)
        wait_for(lambda: path.exists() if path else _answers(port), "the door to open")
        yield port
    finally:
        loop.call_soon_threadsafe(stop[0].set)
        running.join(20)
        assert not running.is_alive()
        loop.close()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def kept() -> list[InboundEmail]:
    with every_organisation():
        return list(InboundEmail.objects.select_related("raw").order_by("pk"))


def answer(client: smtplib.SMTP, *recipients: str, raw: bytes, options: tuple[str, ...] = ()) -> list[bytes]:
    """What the server said to each recipient after the last dot."""
    client.mail(SENDER, list(options))
    for recipient in recipients:
        code, words = client.rcpt(recipient)
        assert code == 250, words
    code, words = client.docmd("DATA")
    assert code == 354
    client.send(raw.replace(b"\r\n.", b"\r\n..") + (b"" if raw.endswith(b"\r\n") else b"\r\n") + b".\r\n")
    return [client.getreply()[1] for _ in recipients]


@pytest.fixture
def fieldnote(transactional_db: None) -> Company:
    return make_company()


def test_a_mail_taken_by_lmtp_becomes_a_case(fieldnote: Company) -> None:
    raw = mail(text="Hello,\n.\n..two dots\nParker")
    with serving() as port, smtplib.LMTP("127.0.0.1", port) as client:
        client.ehlo()
        assert client.has_extn("size") and client.has_extn("smtputf8") and client.has_extn("pipelining")
        [words] = answer(client, SUPPORT, raw=raw)
    [row] = kept()
    assert words.endswith(f"Kept as {row.pk}".encode())
    assert (row.door, row.delivered_to) == (Door.LMTP, SUPPORT)
    assert row.raw.content() == f"Return-Path: <{SENDER}>\r\n".encode() + raw + b"\r\n"
    process_pending()
    with organisation_scope(fieldnote.organisation.pk):
        case = Case.objects.get()
        assert case.assigned_employee == fieldnote.maya


def test_each_recipient_gets_its_own_answer_and_there_is_one_case(fieldnote: Company) -> None:
    with organisation_scope(fieldnote.organisation.pk):
        fieldnote.support.aliases = ["help@fieldnote.example"]
        fieldnote.support.save()
    with serving() as port, smtplib.LMTP("127.0.0.1", port) as client:
        client.ehlo()
        answers = answer(client, SUPPORT, "help@fieldnote.example", raw=mail())
    assert len(answers) == 2 and len(set(answers)) == 2
    process_pending()
    assert sorted(row.state for row in kept()) == [InboundState.DELIVERED, InboundState.IGNORED]


def test_an_unknown_recipient_is_refused_before_the_message(fieldnote: Company) -> None:
    with serving() as port, smtplib.LMTP("127.0.0.1", port) as client:
        client.ehlo()
        client.mail(SENDER)
        assert client.rcpt("nobody@fieldnote.example")[0] == 550
        assert client.rcpt("no address at all")[0] in {501, 550, 553}
        assert client.rcpt("support+abc.def@fieldnote.example")[0] == 250, "a plus part means the same address"
    assert kept() == []


def test_mail_goes_to_the_organisation_whose_address_it_names(fieldnote: Company) -> None:
    other = make_company("harbour", "harbour.example")
    with organisation_scope(other.organisation.pk):
        other.support.aliases = [SUPPORT]  # claimed, but never proved by a login
        other.support.save()
    with serving() as port, smtplib.LMTP("127.0.0.1", port) as client:
        client.ehlo()
        answer(client, SUPPORT, "support@harbour.example", raw=mail())
    assert [row.organisation_id for row in kept()] == [fieldnote.organisation.pk, other.organisation.pk]


def test_one_organisation_may_take_everything(fieldnote: Company) -> None:
    with every_organisation():
        only = Organisation.objects.get(slug="fieldnote")
    with serving(only=only, takes_all=True) as port, smtplib.LMTP("127.0.0.1", port) as client:
        client.ehlo()
        answer(client, "anything@elsewhere.example", raw=mail())
    assert len(kept()) == 1


def test_an_international_sender_and_a_very_long_line_are_taken(fieldnote: Company) -> None:
    raw = mail(sender="Jörg <jörg@exämple.example>", text="x" * 3_000_000)
    with serving() as port, smtplib.LMTP("127.0.0.1", port) as client:
        client.ehlo()
        client.command_encoding = "utf-8"
        client.putcmd("MAIL", "FROM:<jörg@exämple.example> SMTPUTF8")
        assert client.getreply()[0] == 250
        assert client.rcpt(SUPPORT)[0] == 250
        client.docmd("DATA")
        client.send(raw + b"\r\n.\r\n")
        assert client.getreply()[0] == 250
    [row] = kept()
    assert row.raw.content().startswith("Return-Path: <jörg@exämple.example>".encode())
    assert len(row.raw.content()) > 3_000_000


def test_what_is_too_large_is_refused_and_the_connection_goes_on(fieldnote: Company, settings: Any) -> None:
    settings.CASEWAY_LARGEST_MAIL = 100_000
    with serving() as port, smtplib.LMTP("127.0.0.1", port) as client:
        client.ehlo()
        assert client.esmtp_features["size"] == "100000"
        assert client.mail(SENDER, ["SIZE=100001"])[0] == 552
        [words] = answer(client, SUPPORT, raw=mail(text="x" * 200_000))
        assert words.startswith(b"5.3.4")
        answer(client, SUPPORT, raw=mail())
    assert len(kept()) == 1


def test_without_the_database_the_sender_has_to_try_again(fieldnote: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as port, smtplib.LMTP("127.0.0.1", port) as client:
        client.ehlo()
        client.mail(SENDER)
        assert client.rcpt(SUPPORT)[0] == 250
        with connection.cursor() as cursor, organisation_scope(fieldnote.organisation.pk):
            # the ledger takes nothing: as with a full disk, or a server that restarts
            cursor.execute("SET ROLE NONE; ALTER TABLE intake_inboundemail RENAME TO away")
        try:
            client.docmd("DATA")
            client.send(mail() + b"\r\n.\r\n")
            code, _words = client.getreply()
            assert code == 451
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SET ROLE NONE; ALTER TABLE away RENAME TO intake_inboundemail")
                cursor.execute("SET ROLE caseway_app")
        assert kept() == []
        [words] = answer(client, SUPPORT, raw=mail())
        assert b"Kept" in words
    assert len(kept()) == 1


def test_a_250_that_got_lost_makes_no_second_case(fieldnote: Company) -> None:
    raw = mail()
    with serving() as port:
        for _ in range(2):
            with smtplib.LMTP("127.0.0.1", port) as client:
                client.ehlo()
                answer(client, SUPPORT, raw=raw)
    process_pending()
    with organisation_scope(fieldnote.organisation.pk):
        assert Case.objects.count() == 1


def test_smtp_answers_once_for_all_recipients(fieldnote: Company) -> None:
    with serving(per_recipient=False) as port, smtplib.SMTP("127.0.0.1", port) as client:
        assert client.sendmail(SENDER, [SUPPORT, "support+x@fieldnote.example"], mail()) == {}
    assert len(kept()) == 2


def test_a_unix_socket_replaces_that_of_a_killed_process(fieldnote: Company, tmp_path: Path) -> None:
    path = tmp_path / "lmtp.sock"
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(path))
    with serving(path) as _, smtplib.LMTP(str(path)) as client:
        client.ehlo()
        answer(client, SUPPORT, raw=mail())
    assert len(kept()) == 1


def test_more_connections_than_it_can_bear_are_sent_away_for_now(
    fieldnote: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as port, smtplib.LMTP("127.0.0.1", port):
        monkeypatch.setattr(lmtp, "MOST_CONNECTIONS", 1)
        with pytest.raises(smtplib.SMTPException) as refused:
            smtplib.LMTP("127.0.0.1", port)
        assert "421" in str(refused.value)
