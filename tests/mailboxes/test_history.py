"""Mail from before the connection is imported: once, resumable, beside live mail, and without acknowledgements."""

import datetime as dt
import imaplib
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from caseway.accounts.scope import every_organisation, organisation_scope
from caseway.cases.models import Case
from caseway.intake import history
from caseway.intake.models import HistoryImport, InboundEmail, InboundState
from caseway.intake.process import process_pending
from caseway.intake.receive import receive
from caseway.mailboxes import folder
from caseway.mailboxes.models import FolderCursor, Mailbox
from caseway.outbound.models import OutboundEmail
from tests.mailboxes.conftest import mail, wait_watched, watching
from tests.servers.dovecot import Dovecot
from tests.servers.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

Connect = Callable[..., Mailbox]


def cursor_here(server: Dovecot, mailbox: Mailbox, folder: str = "INBOX") -> None:
    """As Authenticate leaves it: what lies there now is history."""
    with server.connect(mailbox.address) as imap:
        words = str(imap.status(folder, "(UIDVALIDITY UIDNEXT)"))
    numbers = {name: int(value) for name, value in re.findall(r"(UIDVALIDITY|UIDNEXT) (\d+)", words)}
    with organisation_scope(mailbox.organisation_id):
        FolderCursor.objects.create(
            organisation_id=mailbox.organisation_id,
            mailbox=mailbox,
            folder=folder,
            uidvalidity=numbers["UIDVALIDITY"],
            start_uid=numbers["UIDNEXT"],
            last_uid=numbers["UIDNEXT"] - 1,
        )


def run(mailbox: Mailbox, since: dt.date | None = None) -> HistoryImport:
    """Ask, and work until it is done."""
    with organisation_scope(mailbox.organisation_id):
        asked = history.start(mailbox, since, by=None)
    return finish(asked)


def finish(asked: HistoryImport) -> HistoryImport:
    def is_over() -> bool:
        history.run_slice()
        process_pending()
        with every_organisation():
            asked.refresh_from_db()
        return not asked.is_unfinished

    wait_for(is_over, "the import to end", 60)
    return asked


def ledger(mailbox: Mailbox) -> list[InboundEmail]:
    with every_organisation():
        return list(InboundEmail.objects.filter(mailbox=mailbox).order_by("pk"))


@pytest.fixture
def old_mailbox(dovecot: Dovecot, connect_mailbox: Connect, request: pytest.FixtureRequest) -> Mailbox:
    user = dovecot.add_user(f"old-{abs(hash(request.node.name))}@example.com")
    for number in range(25):
        dovecot.deliver(user, mail(f"Old {number}", to=user))
    mailbox = connect_mailbox(dovecot, user)
    cursor_here(dovecot, mailbox)
    return mailbox


def test_everything_from_before_becomes_cases_and_nobody_is_answered(dovecot: Dovecot, old_mailbox: Mailbox) -> None:
    done = run(old_mailbox)
    assert (done.state, done.total, done.seen, done.kept) == ("done", 25, 25, 25)
    rows = ledger(old_mailbox)
    assert len(rows) == 25 and all(row.is_history and row.state == InboundState.DELIVERED for row in rows)
    with organisation_scope(old_mailbox.organisation_id):
        assert Case.objects.count() == 25
        assert not OutboundEmail.objects.exists()
        first = Case.objects.get(subject="Old 0")
        assert first.created_at == rows[0].received_at, "a case is as old as its mail"
    assert all(not stored.flags for stored in dovecot.messages(old_mailbox.address))
    again = run(old_mailbox)
    assert (again.seen, again.kept) == (25, 0)
    assert len(ledger(old_mailbox)) == 25


def test_since_a_day(dovecot: Dovecot, old_mailbox: Mailbox) -> None:
    user = old_mailbox.address
    ago = time.time() - 40 * 86400
    with dovecot.connect(user) as imap:
        imap.append("INBOX", "", imaplib.Time2Internaldate(ago), mail("Ancient", to=user))
    with organisation_scope(old_mailbox.organisation_id):
        FolderCursor.objects.update(start_uid=27, last_uid=26)
    done = run(old_mailbox, dt.date.today() - dt.timedelta(days=7))
    assert done.kept == 25
    assert run(old_mailbox).kept == 1


def test_a_killed_worker_is_followed_by_one_that_goes_on(old_mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "BATCH_COUNT", 4)
    monkeypatch.setattr(history, "LEASE", dt.timedelta(0))  # the lease of the dead has run out
    kept = 0

    def killed(*arguments: Any) -> int:
        nonlocal kept
        kept += 1
        if kept == 3:
            receive(*arguments)
            raise SystemExit("kill -9 after the commit, before the position is written")
        return receive(*arguments)

    with organisation_scope(old_mailbox.organisation_id):
        asked = history.start(old_mailbox, None, by=None)
    monkeypatch.setattr(history, "receive", killed)
    with pytest.raises(SystemExit):
        history.run_slice()
    assert len(ledger(old_mailbox)) == 12
    monkeypatch.setattr(history, "receive", receive)
    done = finish(asked)
    assert (done.seen, done.kept) == (25, 21), "the last batch was kept by the one that died"
    uids = [row.uid for row in ledger(old_mailbox)]
    assert uids == list(range(1, 26))


def test_live_mail_is_not_delayed_by_an_import(
    dovecot: Dovecot, old_mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the import has been processed; the new mail is the first."""
    with organisation_scope(old_mailbox.organisation_id):
        history.start(old_mailbox, None, by=None)
    history.run_slice()
    with watching(receive):
        wait_watched(old_mailbox)
        dovecot.deliver(old_mailbox.address, mail("Live", to=old_mailbox.address))
        wait_for(lambda: len(ledger(old_mailbox)) == 26, "the new mail in the ledger")
    with every_organisation():
        assert InboundEmail.objects.due()[0].uid == 26
    process_pending()
    assert [row.is_history for row in ledger(old_mailbox)].count(False) == 1


def test_fetching_pauses_while_much_waits_to_be_processed(
    old_mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "BATCH_COUNT", 5)
    monkeypatch.setattr(history, "MOST_WAITING", 10)
    monkeypatch.setattr(history, "SLICE_SECONDS", 0.5)
    with organisation_scope(old_mailbox.organisation_id):
        asked = history.start(old_mailbox, None, by=None)
    history.run_slice()
    assert len(ledger(old_mailbox)) == 10
    assert finish(asked).kept == 25


def test_one_at_a_time_and_it_can_be_stopped(old_mailbox: Mailbox, administrator: Any) -> None:
    with organisation_scope(old_mailbox.organisation_id):
        asked = history.request(old_mailbox, None, by=administrator)
        with pytest.raises(history.ImportRunsError), transaction.atomic():
            history.request(old_mailbox, None, by=administrator)
        history.cancel(asked, by=administrator)
    assert history.run_slice() == 0
    assert ledger(old_mailbox) == []
    connection.close()


def test_a_server_that_is_away_is_asked_again_later(
    own_dovecot: Callable[..., Dovecot], connect_mailbox: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = own_dovecot()
    user = server.add_user("away-history@example.com")
    server.deliver(user, mail("Before", to=user))
    mailbox = connect_mailbox(server, user)
    cursor_here(server, mailbox)
    with organisation_scope(mailbox.organisation_id):
        asked = history.start(mailbox, None, by=None)
    server.stop()
    monkeypatch.setattr(history, "WAITS", (0,))
    assert history.run_slice() == 1
    with every_organisation():
        asked.refresh_from_db()
    assert asked.is_unfinished and asked.words
    server.start()
    assert finish(asked).kept == 1
