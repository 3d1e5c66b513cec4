"""Machines that answer machines: every conversation with a badly behaved autoresponder ends by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from django.utils import timezone

from caseway.accounts.scope import organisation_scope
from caseway.cases.models import Case
from caseway.intake.decisions import resume
from caseway.intake.models import Hold, InboundEmail, InboundState
from caseway.intake.process import process_pending
from caseway.intake.receive import receive, receive_piped
from caseway.mail.model import ParsedEmail
from caseway.mail.parse import parse
from caseway.mailboxes.fetched import Fetched
from caseway.outbound.models import OutboundEmail, OutboundKind, Pause, PauseKind
from tests.companies import Company, make_company
from tests.mails import mail

Arrive = Callable[..., InboundEmail]
ROUNDS = 60


@dataclass
class Robot:
    """Answers whatever it gets, by a rule that is wrong in its own way."""

    answer: Callable[[ParsedEmail, int], bytes]
    written: int = 0

    def first(self) -> bytes:
        return self.answer(parse(mail(subject="Hello")), 0)

    def reply(self, email: ParsedEmail) -> bytes:
        self.written += 1
        return self.answer(email, self.written)


def words(subject: str, text: str, sender: str = "robot@loop.example", **headers: str) -> bytes:
    return mail(sender=sender, subject=subject, text=text, **headers)


def no_reply(email: ParsedEmail, _count: int) -> bytes:
    return words(f"Re: {email.subject}", "This address is not read.", "no-reply@loop.example")


def vacation_without_headers(email: ParsedEmail, _count: int) -> bytes:
    return words("I am away", "Back on Monday.")


def vacation_that_quotes_the_subject(email: ParsedEmail, _count: int) -> bytes:
    return words(f"AW: {email.subject}", "Back on Monday.")


def honest(email: ParsedEmail, _count: int) -> bytes:
    return words(f"Auto: {email.subject}", "Away.", auto_submitted="auto-replied", return_path="<>")


def ticket_system(email: ParsedEmail, count: int) -> bytes:
    return words(
        f"[Ticket {count}] received", f"We opened ticket {count} for you.", in_reply_to=f"<{email.message_id}>"
    )


def null_sender(email: ParsedEmail, count: int) -> bytes:
    return words(f"Undeliverable {count}", "No such person.", "mailer-daemon@loop.example", return_path="<>")


def our_own_words(email: ParsedEmail, _count: int) -> bytes:
    return words(email.subject, email.text)


def new_address_each_time(email: ParsedEmail, count: int) -> bytes:
    return words("Got it", f"Number {count}", f"robot{count}@loop.example")


def new_ticket_each_time(email: ParsedEmail, count: int) -> bytes:
    return words(f"Ticket {count} received", f"We opened ticket {count} for you.")


@pytest.mark.parametrize(
    ("answer", "most"),
    [
        pytest.param(honest, 0, id="marked as automatic"),
        pytest.param(no_reply, 0, id="a no-reply address that answers"),
        pytest.param(null_sender, 0, id="a null sender"),
        pytest.param(vacation_without_headers, 1, id="a vacation responder without headers"),
        pytest.param(vacation_that_quotes_the_subject, 1, id="a vacation responder that keeps the subject"),
        pytest.param(ticket_system, 2, id="a ticket system that answers by In-Reply-To"),
        pytest.param(our_own_words, 2, id="an echo"),
        pytest.param(new_ticket_each_time, 10, id="new words each time"),
        pytest.param(new_address_each_time, 10, id="an address that changes by a byte"),
    ],
)
def test_a_bad_autoresponder_is_answered_at_most(
    arrive: Arrive, answer: Callable[[ParsedEmail, int], bytes], most: int
) -> None:
    robot = Robot(answer)
    arrive(robot.first())
    answered: set[int] = set()
    for _ in range(ROUNDS):
        new = OutboundEmail.objects.exclude(pk__in=answered).exclude(kind=OutboundKind.SYSTEM)
        if not (sent := list(new)):
            break
        for row in sent:
            answered.add(row.pk)
            arrive(robot.reply(parse(row.raw.content())))
    else:
        pytest.fail("it went on and on")
    assert len(answered) <= most
    assert not OutboundEmail.objects.filter(kind=OutboundKind.SYSTEM).exists()


def _relayed(raw: bytes) -> bytes:
    return re.sub(rb"(?mi)^(Message-ID|Auto-Submitted|X-Auto-Response-Suppress|Precedence):.*\r\n", b"", raw)


@dataclass
class Desks:
    """Two help desks of this kind; a bad relay between them takes off Message-ID and the marks of automatic mail."""

    ours: Company
    theirs: Company
    seen: set[int] = field(default_factory=set)

    def new_mail(self) -> Iterator[tuple[Company, bytes]]:
        for sender, receiver in ((self.ours, self.theirs), (self.theirs, self.ours)):
            with organisation_scope(sender.organisation.pk):
                for row in OutboundEmail.objects.exclude(pk__in=self.seen):
                    self.seen.add(row.pk)
                    yield receiver, _relayed(row.raw.content())


def test_two_help_desks_that_answer_each_other_end_after_an_answer_each(company: Company) -> None:
    theirs = make_company("brightline", "brightline.example")
    desks = Desks(company, theirs)
    with organisation_scope(theirs.organisation.pk):
        first = mail(sender="support@fieldnote.example", to="support@brightline.example")
        receive_piped(theirs.organisation, first, "support@brightline.example")
    process_pending()
    for _ in range(ROUNDS):
        if not (arrived := list(desks.new_mail())):
            break
        for receiver, raw in arrived:
            with organisation_scope(receiver.organisation.pk):
                receive_piped(receiver.organisation, raw, receiver.support.address)
            process_pending()
    else:
        pytest.fail("they went on and on")
    assert len(desks.seen) <= 2


def at_once(company: Company, count: int, **values: str) -> None:
    now = timezone.now()
    raws = [mail(subject="Order 7", text="Where is it?", **values) for _ in range(count)]
    receive(company.mailbox, [Fetched("INBOX", 7, uid, raw, now) for uid, raw in enumerate(raws, 1)])
    process_pending()


def test_twenty_times_the_same_mail_makes_fifteen_cases_one_answer_and_an_alarm(company: Company) -> None:
    at_once(company, 20)
    held = InboundEmail.objects.filter(state=InboundState.HELD, hold=Hold.FLOOD)
    assert Case.objects.count() == 15 and held.count() == 5
    assert OutboundEmail.objects.filter(kind=OutboundKind.ACKNOWLEDGEMENT).count() == 1
    [alarm] = OutboundEmail.objects.filter(kind=OutboundKind.SYSTEM)
    assert alarm.recipients == [company.maya.email]
    assert "parker@brightwater.example" in held[0].reason
    process_pending()
    assert held.count() == 5  # nothing but a person lets them go
    [pause] = Pause.objects.active()
    assert resume(pause, by=company.maya) == 5
    process_pending()
    assert Case.objects.count() == 20
    assert OutboundEmail.objects.filter(kind=OutboundKind.ACKNOWLEDGEMENT).count() == 1


def test_the_same_mail_now_and_then_is_no_flood(company: Company, arrive: Arrive) -> None:
    for number in range(3):
        arrive(mail(subject="Daily report", text=f"All is well {number}"))
    assert not InboundEmail.objects.filter(state=InboundState.HELD).exists()
    assert OutboundEmail.objects.count() == 3


def test_history_is_no_flood(company: Company, arrive: Arrive) -> None:
    for _ in range(18):
        arrive(mail(subject="Same", text="Same"), is_history=True)
    assert Case.objects.count() == 18 and not OutboundEmail.objects.exists()


def test_a_trip_pauses_the_senders_acknowledgements_until_somebody_resumes(company: Company, arrive: Arrive) -> None:
    for number in range(12):
        arrive(mail(subject=f"Matter {number}", text=str(number)))
    [pause] = Pause.objects.active()
    assert (pause.kind, pause.key) == (PauseKind.ACKNOWLEDGEMENTS, "parker@brightwater.example")
    assert OutboundEmail.objects.count() == 10
    resume(pause, by=company.maya)
    arrive(mail(subject="Another", text="Another"))
    assert OutboundEmail.objects.count() == 11
    assert not Pause.objects.active().exists()


def test_a_mailbox_that_many_strangers_write_to_stops_answering_and_tells_the_administrators(
    company: Company, arrive: Arrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = {"address": 10, "domain": 10, "mailbox": 5}
    monkeypatch.setattr("django.conf.settings.CASEWAY_ACKNOWLEDGEMENTS_PER_HOUR", limits)
    for number in range(8):
        arrive(mail(sender=f"v@victim{number}.example", subject=f"S {number}", text=str(number)))
    assert OutboundEmail.objects.filter(kind=OutboundKind.ACKNOWLEDGEMENT).count() == 5
    [alarm] = OutboundEmail.objects.filter(kind=OutboundKind.SYSTEM)
    assert "paused" in alarm.subject
    assert Case.objects.count() == 8


@pytest.mark.parametrize(("domain", "answered"), [("brightwater.example", 3), ("gmail.com", 6)])
def test_strangers_of_one_company_are_braked_and_those_of_a_free_mail_provider_are_not(
    domain: str, answered: int, company: Company, arrive: Arrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = {"address": 10, "domain": 3, "mailbox": 50}
    monkeypatch.setattr("django.conf.settings.CASEWAY_ACKNOWLEDGEMENTS_PER_HOUR", limits)
    for number in range(6):
        arrive(mail(sender=f"person{number}@{domain}", subject=f"S {number}", text=str(number)))
    assert OutboundEmail.objects.filter(kind=OutboundKind.ACKNOWLEDGEMENT).count() == answered
