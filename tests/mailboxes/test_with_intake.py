"""The watcher and intake together: from a real mailbox to cases, each mail once."""

from collections.abc import Callable

import pytest

from caseway.accounts.models import Employee, Organisation
from caseway.accounts.scope import organisation_scope
from caseway.cases.models import Case
from caseway.intake.models import InboundEmail
from caseway.intake.process import process_pending
from caseway.intake.receive import receive
from caseway.mailboxes.models import FolderCursor, Mailbox
from caseway.outbound.alarms import mailbox_stopped
from caseway.outbound.models import OutboundEmail
from tests.mailboxes.conftest import fresh, mail, wait_watched, watching
from tests.servers.dovecot import Dovecot
from tests.servers.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_administrators_are_told_once_that_a_login_is_refused(
    dovecot: Dovecot, connect_mailbox: Callable[..., Mailbox], organisation: Organisation, administrator: Employee
) -> None:
    user = dovecot.add_user("told@intake.example")
    with organisation_scope(organisation.pk):
        Employee.objects.create_employee(organisation, user, "Reads that mailbox", "administrator")
    mailbox = connect_mailbox(dovecot, user, password="battery staple", owner=administrator)
    with watching(receive, mailbox_stopped):
        wait_for(lambda: outbox(organisation), "the mail to be queued")
        wait_for(lambda: fresh(mailbox).lease_until is None, "the mailbox to be let go")
    [row] = outbox(organisation)
    with organisation_scope(organisation.pk):
        raw = row.raw.content()
    assert row.mailbox is None, "sent by the system's own server"
    assert b"To: Maya Lindqvist <maya@fieldnote.example>" in raw
    assert b"told@intake.example is not read any more" in raw
    assert b"battery staple" not in raw


def outbox(organisation: Organisation) -> list[OutboundEmail]:
    with organisation_scope(organisation.pk):
        return list(OutboundEmail.objects.select_related("raw", "mailbox"))


def ledger(organisation: Organisation) -> list[tuple[int, str]]:
    with organisation_scope(organisation.pk):
        return list(InboundEmail.objects.order_by("id").values_list("uid", "state"))


def process_all() -> None:
    while process_pending():
        pass


def test_new_uids_for_the_same_mail_make_no_second_case(
    own_dovecot: Callable[..., Dovecot], connect_mailbox: Callable[..., Mailbox], organisation: Organisation
) -> None:
    server = own_dovecot()
    user = server.add_user("help@intake.example")
    mailbox = connect_mailbox(server, user)
    with watching(receive):
        wait_watched(mailbox)
        for number in range(5):
            server.deliver(user, mail(f"Question {number}", to=user))
        wait_for(lambda: len(ledger(organisation)) == 5, "five mails in the ledger")
    process_all()
    server.stop()
    server.forget_uids(user)
    server.start()
    server.deliver(user, mail("Question 5", to=user))
    with watching(receive):
        wait_for(lambda: len(ledger(organisation)) == 11, "all of them once more, and the new one")
    process_all()
    assert {state for _, state in ledger(organisation)} == {"delivered", "ignored"}
    with organisation_scope(organisation.pk):
        assert sorted(Case.objects.values_list("subject", flat=True)) == [f"Question {number}" for number in range(6)]
        assert FolderCursor.objects.order_by("-id").values_list("last_uid", flat=True)[0] == 6
