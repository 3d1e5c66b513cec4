"""Server and ledger are compared: every message on the server is accounted for, and what is missing is fetched."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.utils import timezone

from caseway.accounts.scope import organisation_scope
from caseway.intake import counts
from caseway.intake.models import DailyCount, InboundEmail
from caseway.intake.process import process_pending
from caseway.intake.receive import receive
from caseway.mailboxes.models import Mailbox
from tests.mailboxes.conftest import mail, wait_watched, watching
from tests.mailboxes.test_history import cursor_here
from tests.servers.dovecot import Dovecot
from tests.servers.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

Connect = Callable[..., Mailbox]


@pytest.fixture
def counted(dovecot: Dovecot, connect_mailbox: Connect, request: pytest.FixtureRequest) -> Mailbox:
    """Five old mails, four new ones (one of them a repeat, one without a sender), all in the ledger."""
    user = dovecot.add_user(f"counted-{abs(hash(request.node.name))}@example.com")
    for number in range(5):
        dovecot.deliver(user, mail(f"Old {number}", to=user))
    mailbox = connect_mailbox(dovecot, user)
    cursor_here(dovecot, mailbox)
    with watching(receive):
        wait_watched(mailbox)
        for name in ("One", "Two", "One"):
            dovecot.deliver(user, mail(name, to=user))
        dovecot.deliver(user, f"To: {user}\r\nSubject: Nobody\r\n\r\nWho?\r\n".encode())
        wait_for(lambda: len(uids(mailbox)) == 4, "the ledger")
    process_pending()
    return mailbox


def uids(mailbox: Mailbox) -> list[int | None]:
    with organisation_scope(mailbox.organisation_id):
        return list(InboundEmail.objects.filter(mailbox=mailbox).order_by("uid").values_list("uid", flat=True))


def count(mailbox: Mailbox) -> DailyCount:
    with organisation_scope(mailbox.organisation_id):
        mailbox = Mailbox.objects.select_related("organisation").get(pk=mailbox.pk)
        return counts.count(mailbox)[-1]


def test_the_day_s_line_adds_up(counted: Mailbox) -> None:
    row = count(counted)
    assert str(row) == "server 4 = 2 in cases + 1 ignored + 1 quarantined"
    assert (row.missing, row.recovered, row.gone) == (0, 0, 0)


def test_a_mail_that_the_ledger_lacks_is_fetched_and_reported(counted: Mailbox) -> None:
    with organisation_scope(counted.organisation_id):
        InboundEmail.objects.filter(uid=7).delete()
    row = count(counted)
    assert (row.on_server, row.recovered, row.missing, row.waiting) == (4, 1, 0, 1)
    assert uids(counted) == [6, 7, 8, 9]
    assert count(counted).recovered == 1, "it stays in the day's line"


def test_mail_that_was_deleted_on_the_server_is_no_difference(dovecot: Dovecot, counted: Mailbox) -> None:
    with dovecot.connect(counted.address) as imap:
        imap.select("INBOX")
        imap.uid("STORE", "6", "+FLAGS", r"(\Deleted)")
        imap.expunge()
    row = count(counted)
    assert (row.on_server, row.gone, row.missing) == (3, 1, 0)


def test_a_day_begins_after_the_last_mail_of_the_day_before(dovecot: Dovecot, counted: Mailbox) -> None:
    yesterday = timezone.now() - dt.timedelta(days=1)
    with organisation_scope(counted.organisation_id):
        InboundEmail.objects.filter(uid__lte=8).update(kept_at=yesterday)
        DailyCount.objects.create(
            organisation_id=counted.organisation_id,
            mailbox=counted,
            day=yesterday.date(),
            checked_at=yesterday,
            on_server=1,
        )
        mailbox = Mailbox.objects.select_related("organisation").get(pk=counted.pk)
        before, today = counts.count(mailbox)
    assert str(before) == "server 3 = 2 in cases + 1 ignored"
    assert str(today) == "server 1 = 0 in cases + 1 quarantined"


def test_each_watched_mailbox_is_counted_once_an_hour(counted: Mailbox) -> None:
    with watching(receive):
        wait_watched(counted)
        assert counts.count_due() == 1
        assert counts.count_due() == 0
        with organisation_scope(counted.organisation_id):
            Mailbox.objects.update(counted_at=timezone.now() - dt.timedelta(hours=2))
        assert counts.count_due() == 1
