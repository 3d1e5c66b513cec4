"""Copies of what was sent lie in the Sent folder, once, and never make a mail leave twice."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from caseway.accounts.models import Employee, Organisation
from caseway.accounts.scope import organisation_scope
from caseway.cases.opening import open_by_hand
from caseway.mail.model import Address
from caseway.mailboxes.form import validate
from caseway.mailboxes.models import Mailbox, SupportAddress
from caseway.outbound import copies
from caseway.outbound.models import CopyState, OutboundEmail, OutboundState, SentCopy
from caseway.outbound.reply import ReplyDraft, reply
from caseway.outbound.send import send_due
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mailbox(
    dovecot: Dovecot,
    connect_mailbox: Callable[..., Mailbox],
    smtp_server: SmtpServer,
    settings: Any,
    request: pytest.FixtureRequest,
) -> Iterator[Mailbox]:
    settings.CASEWAY_SMTP_URL = f"smtp+plain://127.0.0.1:{smtp_server.port}"
    user = dovecot.add_user(f"sent-{abs(hash(request.node.name))}@example.com")
    made = connect_mailbox(dovecot, user, copies_since=timezone.now())
    with organisation_scope(made.organisation_id):
        yield made


@pytest.fixture
def sent(mailbox: Mailbox, organisation: Organisation, administrator: Employee) -> OutboundEmail:
    case = open_by_hand(organisation, by=administrator, subject="Tent pole", email="parker@example.com")
    address = SupportAddress.objects.get()
    to = (Address("Parker", "parker@example.com"),)
    row = reply(case, administrator, ReplyDraft(address, to, "It is on its way.", undo_seconds=0))
    assert send_due() == 1
    row.refresh_from_db()
    assert row.state == OutboundState.SENT
    return row


def test_what_was_sent_is_copied_and_read_already(dovecot: Dovecot, mailbox: Mailbox, sent: OutboundEmail) -> None:
    assert copies.copy_due() == 1
    [stored] = dovecot.messages(mailbox.address, "Sent")
    assert stored.raw == sent.raw.content()
    assert stored.flags == (r"\Seen",)
    assert SentCopy.objects.get().state == CopyState.KEPT
    assert copies.copy_due() == 0


def test_a_crash_after_the_copy_makes_no_second(
    dovecot: Dovecot, mailbox: Mailbox, sent: OutboundEmail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "CLAIM", dt.timedelta(0))
    with monkeypatch.context() as crash:
        crash.setattr(copies, "_record", lambda *_: (_ for _ in ()).throw(SystemExit("kill -9")))
        with pytest.raises(SystemExit):
            copies.copy_due()
    assert copies.copy_due() == 1
    assert len(dovecot.messages(mailbox.address, "Sent")) == 1


def test_a_failed_copy_is_tried_again_and_sends_nothing(
    dovecot: Dovecot, mailbox: Mailbox, sent: OutboundEmail, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "WAITS", (0,))
    Mailbox.objects.update(password="battery staple")
    assert copies.copy_due() == 1
    copy = SentCopy.objects.get()
    assert copy.state == CopyState.WAITING and "password" in copy.words.lower()
    Mailbox.objects.update(password="correct horse")
    assert copies.copy_due() == 1
    assert SentCopy.objects.get().state == CopyState.KEPT
    send_due()
    assert len(smtp_server.accepted) == 1
    monkeypatch.setattr(copies, "MOST_ATTEMPTS", 1)
    SentCopy.objects.update(state=CopyState.WAITING, attempts=0)
    Mailbox.objects.update(password="battery staple")
    copies.copy_due()
    assert SentCopy.objects.get().state == CopyState.FAILED
    sent.refresh_from_db()
    assert sent.state == OutboundState.SENT


def test_without_the_switch_and_from_before_it_nothing_is_copied(
    dovecot: Dovecot, mailbox: Mailbox, sent: OutboundEmail
) -> None:
    Mailbox.objects.update(copies_since=timezone.now())
    assert copies.copy_due() == 0
    Mailbox.objects.update(copies_since=None)
    assert copies.copy_due() == 0


def test_gmail_keeps_copies_itself_so_the_switch_stays_off() -> None:
    form = {
        "address": "a@gmail.com",
        "password": "x",
        "imap_host": "imap.gmail.com",
        "smtp_host": "smtp.gmail.com",
        "copies_sent": "on",
    }
    found = validate(form)
    assert isinstance(found, dict) and "by itself" in found["copies_sent"]
    assert not isinstance(validate(form | {"smtp_host": ""}), dict), "through the system's server there is no copy"
