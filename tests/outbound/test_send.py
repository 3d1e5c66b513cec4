"""Sending: what the server says is what the outbox shows, and nothing is sent twice."""

import datetime
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.db.models import F
from django.utils import timezone

from caseway.cases.models import Case, EventKind, Notification
from caseway.intake.models import InboundEmail
from caseway.mail.model import Address
from caseway.mailboxes.models import Mailbox, SupportAddress
from caseway.outbound import claims, send
from caseway.outbound.models import OutboundEmail, OutboundState
from caseway.outbound.reply import ReplyDraft, reply, undo
from caseway.outbound.send import send_due
from caseway.outbound.system import send_system
from tests.companies import Company
from tests.mails import mail
from tests.servers.ports import free_port
from tests.servers.smtp import SmtpServer

Arrive = Callable[..., InboundEmail]


@pytest.fixture
def system_server(smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch) -> SmtpServer:
    monkeypatch.setattr(settings, "CASEWAY_SMTP_URL", f"smtp+plain://127.0.0.1:{smtp_server.port}")
    return smtp_server


@pytest.fixture
def queued(company: Company, arrive: Arrive, system_server: SmtpServer) -> OutboundEmail:
    """The acknowledgement of a new case, waiting in the outbox."""
    arrive(mail())
    return OutboundEmail.objects.get()


def again(row: OutboundEmail) -> OutboundEmail:
    OutboundEmail.objects.filter(pk=row.pk).update(send_at=timezone.now())
    send_due()
    row.refresh_from_db()
    return row


def test_an_acknowledgement_reaches_the_server_once(queued: OutboundEmail, system_server: SmtpServer) -> None:
    assert send_due() == 1
    assert send_due() == 0
    [accepted] = system_server.accepted
    assert accepted.sender in {"", "<>"} and accepted.recipients == ("parker@brightwater.example",)
    assert accepted.message["Message-ID"] == f"<{queued.message_identifier}>"
    queued.refresh_from_db()
    assert queued.state == OutboundState.SENT and queued.sent_at is not None and queued.server_words
    assert queued.message is not None and queued.message.sent_at is not None


def test_followers_are_told_of_an_answer_when_it_has_left(
    company: Company, arrive: Arrive, system_server: SmtpServer
) -> None:
    def told() -> list[tuple[int, str, int | None]]:
        rows = Notification.objects.filter(kind="followed").order_by("pk")
        return list(rows.values_list("employee", "message__new_text", "actor"))

    arrive(mail())
    case = Case.objects.get()
    case.follow(company.dana, by=company.dana)
    case.follow(company.maya, by=company.maya)
    send_due()
    draft = ReplyDraft(SupportAddress.objects.get(), (Address("", "parker@brightwater.example"),), "It leaves today.")
    undo(reply(case, company.maya, draft), by=company.maya)
    assert told() == [], "what was taken back never was"
    case.refresh_from_db()
    row = reply(case, company.maya, draft)
    assert told() == []
    again(row)
    assert told() == [(company.dana.pk, "It leaves today.", company.maya.pk)]


def test_a_temporary_refusal_is_tried_again_with_the_same_bytes(
    queued: OutboundEmail, system_server: SmtpServer
) -> None:
    system_server.answers.append("451 4.3.0 Try later")
    send_due()
    queued.refresh_from_db()
    assert queued.state == OutboundState.QUEUED and "Try later" in queued.server_words
    assert queued.send_at > timezone.now()
    again(queued)
    assert queued.state == OutboundState.SENT and queued.attempts == 2
    assert len(system_server.accepted) == 1


def test_a_refusal_for_good_is_shown_with_the_servers_words(queued: OutboundEmail, system_server: SmtpServer) -> None:
    system_server.refuse_recipients["parker@brightwater.example"] = "550 5.1.1 No such user"
    send_due()
    queued.refresh_from_db()
    assert queued.state == OutboundState.FAILED and "No such user" in queued.server_words


def test_a_connection_that_dies_after_the_last_dot_is_uncertain_and_never_repeated(
    queued: OutboundEmail, system_server: SmtpServer
) -> None:
    system_server.hang_up_after_data = 1
    send_due()
    queued.refresh_from_db()
    assert queued.state == OutboundState.UNCERTAIN
    assert again(queued).state == OutboundState.UNCERTAIN
    assert len(system_server.accepted) == 1


def test_a_server_that_is_away_is_tried_again(
    queued: OutboundEmail, monkeypatch: pytest.MonkeyPatch, system_server: SmtpServer
) -> None:
    working = settings.CASEWAY_SMTP_URL
    monkeypatch.setattr(settings, "CASEWAY_SMTP_URL", f"smtp+plain://127.0.0.1:{free_port()}")
    send_due()
    queued.refresh_from_db()
    assert queued.state == OutboundState.QUEUED and queued.server_words
    monkeypatch.setattr(settings, "CASEWAY_SMTP_URL", working)
    assert again(queued).state == OutboundState.SENT


def abandon(row: OutboundEmail, *, handed_over: bool) -> None:
    """As a sender leaves it that is killed before or after it had written that the last dot follows."""
    late = timezone.now() - datetime.timedelta(minutes=1)
    OutboundEmail.objects.filter(pk=row.pk).update(
        state=OutboundState.SENDING, lease_until=late, lease_number=7, handed_over_at=late if handed_over else None
    )


def test_a_sender_that_died_after_the_last_dot_leaves_an_uncertain_mail(
    queued: OutboundEmail, system_server: SmtpServer
) -> None:
    abandon(queued, handed_over=True)
    send_due()
    queued.refresh_from_db()
    assert queued.state == OutboundState.UNCERTAIN
    assert system_server.accepted == []


def test_a_mail_whose_sender_died_before_the_last_dot_is_sent_by_the_next(
    queued: OutboundEmail, system_server: SmtpServer
) -> None:
    abandon(queued, handed_over=False)
    send_due()
    queued.refresh_from_db()
    assert queued.state == OutboundState.SENT and len(system_server.accepted) == 1


def test_a_sender_that_was_taken_for_dead_stops_before_the_last_dot(
    queued: OutboundEmail, system_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = send.smtp.Courier.send

    def slowly(self: object, server: object, email: object, before_last_dot: Callable[[], object]) -> object:
        def overtaken() -> None:
            OutboundEmail.objects.filter(pk=queued.pk).update(lease_number=F("lease_number") + 1)
            before_last_dot()

        return right(self, server, email, overtaken)  # type: ignore[arg-type]

    monkeypatch.setattr(send.smtp.Courier, "send", slowly)
    send_due()
    assert system_server.accepted == []


def test_one_recipient_refused_does_not_lose_the_others(company: Company, system_server: SmtpServer) -> None:
    system_server.refuse_recipients["gone@x.example"] = "550 5.1.1 No such user"
    row = send_system(company.organisation, Address("", "here@x.example"), "Hello", "Text")
    OutboundEmail.objects.filter(pk=row.pk).update(recipients=["here@x.example", "gone@x.example"])
    send_due()
    row.refresh_from_db()
    assert row.state == OutboundState.SENT and "gone@x.example" in row.server_words
    assert [one.recipients for one in system_server.accepted] == [("here@x.example",)]


def test_a_mail_that_waits_is_sent_when_its_time_comes(queued: OutboundEmail, system_server: SmtpServer) -> None:
    OutboundEmail.objects.filter(pk=queued.pk).update(send_at=timezone.now() + datetime.timedelta(hours=1))
    assert send_due() == 0
    assert again(queued).state == OutboundState.SENT


def test_the_acknowledgement_is_in_the_history(queued: OutboundEmail) -> None:
    assert queued.case is not None
    assert queued.case.events.filter(kind=EventKind.ACKNOWLEDGED).count() == 1


def test_several_mails_share_a_connection_and_one_that_fails_spoils_none(
    company: Company, system_server: SmtpServer
) -> None:
    system_server.refuse_recipients["gone@x.example"] = "550 5.1.1 No such user"
    rows = [
        send_system(company.organisation, Address("", f"{name}@x.example"), "Hello", "Text")
        for name in ("one", "two", "gone", "three", "four")
    ]
    seen = system_server.sessions
    assert send_due() == 5
    states = [OutboundEmail.objects.get(pk=row.pk).state for row in rows]
    assert states == ["sent", "sent", "failed", "sent", "sent"]
    assert [one.recipients[0][:3] for one in system_server.accepted] == ["one", "two", "thr", "fou"]
    assert system_server.sessions - seen == 2


def test_a_server_that_ends_the_session_between_two_mails_gets_the_second_on_a_new_one(
    company: Company, system_server: SmtpServer
) -> None:
    system_server.end_after = 1
    for name in ("one", "two"):
        send_system(company.organisation, Address("", f"{name}@x.example"), "Hello", "Text")
    assert send_due() == 2
    assert list(OutboundEmail.objects.values_list("state", "attempts")) == [("sent", 1), ("sent", 1)]
    assert len(system_server.accepted) == 2


@pytest.fixture
def of_slow(queued: OutboundEmail, company: Company) -> Iterator[OutboundEmail]:
    """The acknowledgement goes through the mailbox's own server, at whose port nobody answers."""
    Mailbox.objects.filter(pk=company.mailbox.pk).update(
        smtp_host="127.0.0.1", smtp_port=free_port(), smtp_security="plain"
    )
    yield queued
    claims.servers.leave("127.0.0.1")
    claims.servers.forget()


def test_mail_for_other_servers_leaves_while_one_is_busy(
    of_slow: OutboundEmail, company: Company, system_server: SmtpServer
) -> None:
    assert claims.servers.take("127.0.0.1")
    send_system(company.organisation, Address("", "here@x.example"), "Hello", "Text")
    assert send_due() == 1 and len(system_server.accepted) == 1
    of_slow.refresh_from_db()
    assert of_slow.state == OutboundState.QUEUED and of_slow.attempts == 0


def test_a_server_that_stalled_rests_and_no_attempts_are_spent_on_it(
    of_slow: OutboundEmail, system_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "STALL_SECONDS", 0.0)
    assert again(of_slow).attempts == 1
    assert again(of_slow).attempts == 1
    claims.servers.forget()
    assert again(of_slow).attempts == 2


def test_what_is_claimed_ahead_of_a_slow_server_is_given_back(
    company: Company, system_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two", "three"):
        send_system(company.organisation, Address("", f"{name}@x.example"), "Hello", "Text")
    rows = claims.claim()
    claims.give_back(rows[1:])
    claims.servers.leave("")
    assert list(OutboundEmail.objects.order_by("pk").values_list("state", "attempts")) == [
        ("sending", 1),
        ("queued", 0),
        ("queued", 0),
    ]
    assert send_due() == 2
