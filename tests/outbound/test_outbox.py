"""The outbox in a person's hands: later, now, again, stopped, and what became of the uncertain."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest
from django.conf import settings
from django.utils import timezone

from caseway.cases.models import Case
from caseway.intake.models import InboundEmail
from caseway.intake.process import process_pending
from caseway.mail.model import Address
from caseway.outbound.errors import CannotSendError
from caseway.outbound.models import OutboundEmail, OutboundKind, OutboundState, Pause
from caseway.outbound.outbox import cancel, release, send_again, send_now, was_sent
from caseway.outbound.pauses import end
from caseway.outbound.reply import ReplyDraft, reply, undo
from caseway.outbound.send import send_due
from tests.companies import Company
from tests.mails import mail
from tests.servers.smtp import SmtpServer

Arrive = Callable[..., InboundEmail]
PARKER = Address("Parker Ehlers", "parker@brightwater.example")
TOMORROW = datetime.timedelta(days=1)


@pytest.fixture
def system_server(smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch) -> SmtpServer:
    monkeypatch.setattr(settings, "CASEWAY_SMTP_URL", f"smtp+plain://127.0.0.1:{smtp_server.port}")
    return smtp_server


@pytest.fixture
def case(company: Company, arrive: Arrive) -> Case:
    arrive(mail())
    OutboundEmail.objects.update(state=OutboundState.SENT)
    return Case.objects.get()


def later(company: Company, case: Case, **values: object) -> OutboundEmail:
    draft = {"from_address": company.support, "to": (PARKER,), "text": "It leaves tomorrow.", **values}
    return reply(case, company.maya, ReplyDraft(**{"send_at": timezone.now() + TOMORROW, **draft}))  # type: ignore[arg-type]


def fresh(row: OutboundEmail) -> OutboundEmail:
    row.refresh_from_db()
    return row


def test_a_reply_for_tomorrow_stays_until_then(company: Company, case: Case, system_server: SmtpServer) -> None:
    row = later(company, case)
    assert row.is_scheduled and send_due() == 0
    OutboundEmail.objects.filter(pk=row.pk).update(send_at=timezone.now())
    assert send_due() == 1 and fresh(row).state == OutboundState.SENT


def test_a_scheduled_reply_is_held_when_the_customer_writes(company: Company, case: Case, arrive: Arrive) -> None:
    row = later(company, case)
    arrive(mail(in_reply_to=f"<{case.messages.get(direction='in').message_identifier}>", text="Never mind!"))
    assert fresh(row).state == OutboundState.HELD
    release(row, by=company.maya)
    assert fresh(row).state == OutboundState.QUEUED and row.send_at > timezone.now() + TOMORROW / 2
    with pytest.raises(CannotSendError):
        release(row, by=company.maya)
    assert undo(row, by=company.maya) == "It leaves tomorrow."


def test_an_automatic_mail_holds_nothing(company: Company, case: Case, arrive: Arrive) -> None:
    row = later(company, case)
    identifier = case.messages.get(direction="in").message_identifier
    arrive(mail(in_reply_to=f"<{identifier}>", auto_submitted="auto-replied"))
    assert fresh(row).state == OutboundState.QUEUED


@pytest.mark.parametrize("days", [-1, 400])
def test_a_time_that_cannot_be_meant_is_refused(company: Company, case: Case, days: int) -> None:
    with pytest.raises(CannotSendError, match="Choose"):
        later(company, case, send_at=timezone.now() + datetime.timedelta(days=days))
    assert not OutboundEmail.objects.filter(kind="reply").exists()


def test_what_waits_is_sent_now_or_cancelled(company: Company, case: Case, system_server: SmtpServer) -> None:
    row = later(company, case)
    send_now(row, by=company.maya)
    assert send_due() == 1 and fresh(row).state == OutboundState.SENT
    with pytest.raises(CannotSendError):
        send_now(row, by=company.maya)
    other = later(company, case)
    cancel(other, by=company.maya)
    assert fresh(other).state == OutboundState.CANCELLED


@pytest.fixture
def uncertain(company: Company, case: Case) -> OutboundEmail:
    row = later(company, case)
    OutboundEmail.objects.filter(pk=row.pk).update(state=OutboundState.UNCERTAIN)
    return fresh(row)


def test_our_copy_in_a_watched_mailbox_settles_it(uncertain: OutboundEmail, arrive: Arrive) -> None:
    process_pending()
    assert fresh(uncertain).state == OutboundState.UNCERTAIN
    arrive(uncertain.raw.content())
    process_pending()
    assert fresh(uncertain).state == OutboundState.SENT
    assert "copy arrived in support@fieldnote.example" in uncertain.evidence


def test_an_answer_to_it_settles_it(uncertain: OutboundEmail, arrive: Arrive) -> None:
    arrive(mail(in_reply_to=f"<{uncertain.message_identifier}>", text="Thanks!"))
    process_pending()
    assert fresh(uncertain).state == OutboundState.SENT and "answered it" in uncertain.evidence


def test_a_bounce_of_it_settles_it(uncertain: OutboundEmail, arrive: Arrive) -> None:
    from tests.intake.test_no_acknowledgement import bounce_of

    arrive(bounce_of(uncertain.message_identifier))
    process_pending()
    assert fresh(uncertain).state == OutboundState.SENT and "could not deliver" in uncertain.evidence


def test_a_person_settles_it_or_sends_the_same_bytes_again(
    company: Company, uncertain: OutboundEmail, system_server: SmtpServer
) -> None:
    before = (uncertain.raw_id, uncertain.message_identifier)
    send_again(uncertain, by=company.maya)
    assert send_due() == 1
    assert (fresh(uncertain).raw_id, uncertain.message_identifier) == before
    OutboundEmail.objects.filter(pk=uncertain.pk).update(state=OutboundState.UNCERTAIN)
    was_sent(uncertain, by=company.maya)
    assert fresh(uncertain).state == OutboundState.SENT and "Maya" in uncertain.evidence
    with pytest.raises(CannotSendError):
        was_sent(uncertain, by=company.maya)


def test_runaway_sending_stops_is_told_and_goes_on_when_resumed(
    company: Company, arrive: Arrive, system_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "CASEWAY_SENDING_PER_HOUR", 20)
    for number in range(33):
        arrive(mail(sender=f"p@n{number}.example", subject=f"S {number}", text=str(number)))
    send_due()
    send_due()
    sent = OutboundEmail.objects.filter(state=OutboundState.SENT)
    assert sent.filter(kind=OutboundKind.ACKNOWLEDGEMENT).count() == 20
    assert [row.recipients for row in sent.filter(kind=OutboundKind.SYSTEM)] == [[company.maya.email]]
    assert OutboundEmail.objects.filter(state=OutboundState.QUEUED).count() == 13
    [pause] = Pause.objects.active()
    end(pause, by=company.maya)
    send_due()
    assert not OutboundEmail.objects.filter(state=OutboundState.QUEUED).exists()
    assert not Pause.objects.active().exists()
