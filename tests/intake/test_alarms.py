"""What only a person can mend is seen, told once, and forgotten when it is mended."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.utils import timezone

from caseway.intake import alarms
from caseway.intake.models import Alarm, DailyCount, InboundEmail
from caseway.mailboxes.models import Mailbox
from caseway.outbound.models import OutboundEmail, OutboundKind, OutboundState
from tests.companies import Company
from tests.mails import mail

Arrive = Callable[..., InboundEmail]


@pytest.fixture(autouse=True)
def watched(company: Company) -> None:
    Mailbox.objects.update(checked_at=timezone.now())


def kinds(company: Company) -> list[str]:
    alarms.update(company.organisation)
    return [one.kind for one in Alarm.objects.open()]


def told() -> list[OutboundEmail]:
    return list(OutboundEmail.objects.filter(kind=OutboundKind.SYSTEM))


def ago(**values: float) -> dt.datetime:
    return timezone.now() - dt.timedelta(**values)


def test_all_is_well(company: Company, arrive: Arrive) -> None:
    arrive(mail())
    assert kinds(company) == [] and told() == []


def test_quarantined_mail_is_told_to_administrators_once_and_clears_by_itself(company: Company, arrive: Arrive) -> None:
    row = arrive(mail(sender=""))
    for _ in range(3):
        assert kinds(company) == ["quarantined"]
    [sent] = told()
    assert sent.recipients == [company.maya.email] and "quarantine" in sent.subject
    row.state = "ignored"
    row.save()
    assert kinds(company) == []
    assert Alarm.objects.get().cleared_at is not None


def test_what_comes_and_goes_is_not_told_every_time(company: Company, arrive: Arrive) -> None:
    row = arrive(mail(sender=""))
    for state in ("quarantined", "ignored", "quarantined"):
        InboundEmail.objects.filter(pk=row.pk).update(state=state)
        alarms.update(company.organisation)
    assert len(told()) == 1 and Alarm.objects.open().count() == 1
    Alarm.objects.update(cleared_at=timezone.now(), told_at=ago(hours=2))
    alarms.update(company.organisation)
    assert len(told()) == 2


def test_a_mailbox_that_nobody_reads_for_a_quarter_of_an_hour(company: Company) -> None:
    Mailbox.objects.update(checked_at=ago(minutes=20), state_since=ago(days=1), error_cause="The server is away.")
    assert kinds(company) == ["mailbox-down"]
    assert "The server is away." in Alarm.objects.get().text
    Mailbox.objects.update(checked_at=timezone.now(), error_cause="")
    assert kinds(company) == []


def test_a_paused_mailbox_is_no_alarm_and_a_stopped_one_is_told_elsewhere(company: Company) -> None:
    Mailbox.objects.update(checked_at=ago(days=2), state_since=ago(days=1), state="paused")
    assert kinds(company) == []
    Mailbox.objects.update(state="stopped", error_cause="The password is refused.")
    assert kinds(company) == ["mailbox-stopped"]
    assert told() == []


def test_mail_that_stands_still(company: Company, arrive: Arrive) -> None:
    row = arrive(mail())
    InboundEmail.objects.filter(pk=row.pk).update(state="pending", next_attempt_at=ago(minutes=6))
    OutboundEmail.objects.update(send_at=ago(minutes=16))
    shown = {one.kind for one in alarms.open_alarms(company.organisation.pk)}
    assert shown == {"unprocessed", "outbox"}, "seen although no worker looked"
    assert kinds(company) == ["unprocessed", "outbox"]
    [sent] = told()
    assert "2 things" in sent.subject
    InboundEmail.objects.update(is_history=True)
    OutboundEmail.objects.update(state=OutboundState.SENT)
    assert kinds(company) == [], "an import may wait"


def test_mail_of_which_nobody_knows_whether_it_left(company: Company, arrive: Arrive) -> None:
    arrive(mail())
    OutboundEmail.objects.update(state=OutboundState.UNCERTAIN)
    assert kinds(company) == ["uncertain"]
    OutboundEmail.objects.update(state=OutboundState.FAILED)
    assert kinds(company) == [], "that an acknowledgement found no mailbox is everyday life"
    OutboundEmail.objects.update(kind=OutboundKind.REPLY)
    assert kinds(company) == ["not-sent"]


def test_messages_that_were_missing(company: Company) -> None:
    DailyCount.objects.create(
        organisation=company.organisation, mailbox=company.mailbox, day=dt.date.today(), recovered=1
    )
    assert kinds(company) == ["missing"]
    DailyCount.objects.update(checked_at=ago(days=2))
    assert kinds(company) == []
