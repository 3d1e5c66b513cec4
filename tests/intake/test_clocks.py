"""Clocks that are wrong or jump: what waits goes by the database's, and what takes long by none that can be set."""

import datetime
import time
from collections.abc import Callable

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from caseway.accounts.models import Heartbeat
from caseway.accounts.scope import every_organisation
from caseway.cases.models import Case
from caseway.intake import clock
from caseway.intake import process as process_module
from caseway.intake.alarms import update
from caseway.intake.models import InboundEmail, InboundState
from caseway.intake.process import process_pending
from caseway.intake.receive import receive
from caseway.mailboxes import lease
from caseway.mailboxes.fetched import Fetched
from caseway.mailboxes.models import Mailbox
from caseway.outbound.models import OutboundEmail, OutboundState
from caseway.outbound.outcomes import again
from caseway.outbound.reply import ReplyDraft, choices, reply
from caseway.outbound.send import send_due
from tests.companies import Company
from tests.mailboxes.conftest import (  # noqa: F401
    Collected,
    collected,
    connect_mailbox,
    organisation,
    short_pauses,
    trusted_authority,
    wait_watched,
    watching,
)
from tests.mailboxes.conftest import mail as short_mail
from tests.mails import mail
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpServer

Arrive = Callable[..., InboundEmail]
SetClock = Callable[[float], None]
HOURS = [-5.0, 5.0]


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Put this process's clock back or ahead by hours; the database keeps its own."""
    right = time.time

    def put(hours: float) -> None:
        class Wrong(datetime.datetime):
            @classmethod
            def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:  # type: ignore[override]
                return datetime.datetime.now(tz) + datetime.timedelta(hours=hours)

        monkeypatch.setattr(timezone, "datetime", Wrong)  # also behind the defaults of model fields
        monkeypatch.setattr(time, "time", lambda: right() + hours * 3600)

    return put


def seconds_from_now(rows: object, name: str) -> float:
    """By the database's clock."""
    row = rows.annotate(database_now=Now()).values_list(name, "database_now").get()  # type: ignore[attr-defined]
    return float((row[0] - row[1]).total_seconds())


@pytest.mark.parametrize("hours", HOURS)
def test_a_watcher_whose_clock_is_wrong_delays_no_mail(company: Company, set_clock: SetClock, hours: float) -> None:
    set_clock(hours)
    receive(company.mailbox, [Fetched("INBOX", 7, 1, mail(), datetime.datetime.now(datetime.UTC))])
    set_clock(0)
    process_pending()
    assert InboundEmail.objects.get().state == InboundState.DELIVERED


@pytest.mark.parametrize("hours", HOURS)
def test_a_worker_whose_clock_is_wrong_processes_and_tries_again_in_time(
    company: Company, set_clock: SetClock, hours: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(company.mailbox, [Fetched("INBOX", 7, 1, mail(), timezone.now())])
    set_clock(hours)
    right = process_module.deliver
    monkeypatch.setattr(process_module, "deliver", lambda *_: 1 / 0)
    process_pending()
    row = InboundEmail.objects.get()
    assert (row.state, row.attempts) == (InboundState.FAILED, 1)
    assert 5 < seconds_from_now(InboundEmail.objects.all(), "next_attempt_at") <= 10
    monkeypatch.setattr(process_module, "deliver", right)
    process_pending()
    assert InboundEmail.objects.get().attempts == 1, "its pause is not over"
    InboundEmail.objects.update(next_attempt_at=Now())
    process_pending()
    assert InboundEmail.objects.get().state == InboundState.DELIVERED


@pytest.mark.parametrize("hours", HOURS)
def test_the_undo_window_is_as_long_as_it_was_said_to_be(
    company: Company,
    arrive: Arrive,
    set_clock: SetClock,
    hours: float,
    smtp_server: SmtpServer,
    settings: object,
) -> None:
    settings.CASEWAY_SMTP_URL = f"smtp+plain://127.0.0.1:{smtp_server.port}"  # type: ignore[attr-defined]
    arrive(mail(auto_submitted="no"))
    OutboundEmail.objects.all().delete()
    case = Case.objects.get()
    set_clock(hours)  # of the process that serves pages
    to = choices(case, company.dana).to
    reply(case, company.dana, ReplyDraft(company.support, to, "On its way.", undo_seconds=10))
    assert 5 < seconds_from_now(OutboundEmail.objects.all(), "send_at") <= 10
    set_clock(-hours)  # of the process that sends
    assert send_due() == 0
    OutboundEmail.objects.update(send_at=Now())
    assert send_due() == 1
    assert OutboundEmail.objects.get().state == OutboundState.SENT


def test_a_clock_that_is_days_ahead_gives_up_no_mail(company: Company, arrive: Arrive, set_clock: SetClock) -> None:
    arrive(mail())
    row = OutboundEmail.objects.get()
    set_clock(24 * 10)
    for attempts in (1, 30):
        OutboundEmail.objects.update(state=OutboundState.SENDING, attempts=attempts)
        row.refresh_from_db()
        assert again(row, "451 later")
        row.refresh_from_db()
        assert row.state == OutboundState.QUEUED
        assert 5 < seconds_from_now(OutboundEmail.objects.all(), "send_at") <= 7200


def test_a_database_whose_clock_was_put_back_lets_nothing_wait(company: Company, arrive: Arrive) -> None:
    arrive(mail())
    later = timezone.now() + datetime.timedelta(hours=5)
    receive(company.mailbox, [Fetched("INBOX", 7, 99, mail(), timezone.now())])
    InboundEmail.objects.filter(uid=99).update(next_attempt_at=later)
    OutboundEmail.objects.update(send_at=later)
    scheduled = OutboundEmail.objects.get()
    scheduled.pk, scheduled.message_id, scheduled.is_scheduled = None, None, True
    scheduled.kind = "reply"
    scheduled.save()
    Heartbeat.objects.create(kind="worker", name="gone:1", seen_at=later)
    clock.mend()
    assert not Heartbeat.objects.exists()
    process_pending()
    assert InboundEmail.objects.get(uid=99).state == InboundState.DELIVERED
    assert not OutboundEmail.objects.filter(is_scheduled=False, send_at__gt=Now()).exists()
    scheduled.refresh_from_db()
    assert scheduled.send_at == later, "what a person scheduled stays as it was"


def test_a_lease_that_no_clock_could_have_given_holds_nobody_off(company: Company) -> None:
    taken = lease.take("first")
    assert [one.pk for one in taken] == [company.mailbox.pk]
    assert lease.take("second") == []
    Mailbox.objects.update(lease_until=timezone.now() + datetime.timedelta(hours=1))
    assert [one.pk for one in lease.take("second")] == [company.mailbox.pk]


@pytest.mark.parametrize("hours", HOURS)
def test_a_wrong_clock_raises_no_alarm_and_hides_none(
    company: Company, client: Client, set_clock: SetClock, hours: float
) -> None:
    set_clock(hours)
    Heartbeat.beat("worker", "desk:1", 10**12)
    set_clock(-hours)
    Heartbeat.beat("watch", "desk:2", 10**12)
    assert client.get("/health").json()["problems"] == []
    receive(company.mailbox, [Fetched("INBOX", 7, 1, mail(), timezone.now())])
    assert update(company.organisation) == []
    InboundEmail.objects.update(next_attempt_at=Now() - datetime.timedelta(minutes=6))
    assert [one.kind for one in update(company.organisation)] == ["unprocessed"]
    with every_organisation():
        assert client.get("/health").status_code == 503


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("hours", HOURS)
def test_a_jump_while_it_listens_keeps_no_mail_from_a_watcher(
    dovecot: Dovecot,
    connect_mailbox: Callable[..., Mailbox],  # noqa: F811
    collected: Collected,  # noqa: F811
    set_clock: SetClock,
    hours: float,
) -> None:
    user = dovecot.add_user(f"clock{hours:.0f}@example.com".replace("-", "behind"))
    mailbox = connect_mailbox(dovecot, user)
    with watching(collected):
        wait_watched(mailbox)
        set_clock(hours)
        dovecot.deliver(user, short_mail("Over IDLE"))
        collected.wait_for("Over IDLE")
        set_clock(-hours)
        dovecot.restart()
        dovecot.deliver(user, short_mail("After a new connection"))
        collected.wait_for("After a new connection")
    with every_organisation():
        assert Mailbox.objects.get(pk=mailbox.pk).lease_number == mailbox.lease_number + 1, "it was held throughout"
