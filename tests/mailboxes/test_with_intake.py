"""The watcher and intake together: from a real mailbox to cases, each mail once."""

from collections.abc import Callable

import pytest

from caseway.accounts.models import Organisation
from caseway.accounts.scope import organisation_scope
from caseway.cases.models import Case
from caseway.intake.models import InboundEmail
from caseway.intake.process import process_pending
from caseway.intake.receive import receive
from caseway.mailboxes.models import FolderCursor, Mailbox
from tests.mailboxes.conftest import mail, wait_watched, watching
from tests.servers.dovecot import Dovecot
from tests.servers.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


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
