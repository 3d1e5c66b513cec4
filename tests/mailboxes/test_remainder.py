"""A mail above the limit is a case at once, and its rest comes when somebody asks for it."""

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest

from caseway.accounts.models import Employee
from caseway.accounts.scope import organisation_scope
from caseway.cases.errors import NotAllowedError
from caseway.intake import remainder
from caseway.intake.models import InboundEmail, Remainder
from caseway.intake.process import process_pending
from caseway.intake.receive import receive
from caseway.mail import parse
from caseway.mailboxes.models import Mailbox
from tests.mailboxes.conftest import wait_watched, watching
from tests.servers.dovecot import Dovecot
from tests.servers.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

CONTENT = bytes(range(256)) * 4000


def large(to: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Parker <parker@example.com>", to, "Plans attached"
    message["Message-ID"] = "<large@example.com>"
    message.set_content("Here are the plans.")
    message.add_attachment(b"small", maintype="text", subtype="csv", filename="list.csv")
    message.add_attachment(CONTENT, maintype="application", subtype="pdf", filename="plans.pdf")
    return message.as_bytes().replace(b"\n", b"\r\n")


@pytest.fixture
def cut(
    dovecot: Dovecot, connect_mailbox: Callable[..., Mailbox], settings: Any, request: pytest.FixtureRequest
) -> InboundEmail:
    """The case of a mail of 1.4 MB of which 100 KB are fetched by themselves."""
    settings.CASEWAY_LARGEST_MAIL = 100_000
    user = dovecot.add_user(f"large-{abs(hash(request.node.name))}@example.com")
    mailbox = connect_mailbox(dovecot, user)
    with watching(receive):
        wait_watched(mailbox)
        dovecot.deliver(user, large(user))
        wait_for(lambda: rows(mailbox), "the mail in the ledger")
    process_pending()
    return rows(mailbox)[0]


def rows(mailbox: Mailbox) -> list[InboundEmail]:
    with organisation_scope(mailbox.organisation_id):
        return list(InboundEmail.objects.select_related("mailbox", "case", "message", "raw"))


def ask(inbound: InboundEmail, by: Employee) -> Remainder:
    with organisation_scope(inbound.organisation_id):
        remainder.request(inbound, by=by)
        assert remainder.fetch_requested() == 1
        return Remainder.objects.get()


def test_the_case_is_there_with_its_text_before_the_rest(cut: InboundEmail) -> None:
    assert cut.size_on_server > 1_000_000
    assert cut.message is not None and cut.message.new_text == "Here are the plans."
    with organisation_scope(cut.organisation_id):
        assert "plans.pdf" not in cut.message.attachments.values_list("name", flat=True)


def test_the_rest_completes_the_message(cut: InboundEmail, administrator: Employee) -> None:
    assert ask(cut, administrator).state == "done"
    with organisation_scope(cut.organisation_id):
        inbound = InboundEmail.objects.select_related("message__raw", "case").get()
        message = inbound.message
        assert message is not None and message.raw is not None and inbound.case is not None
        assert inbound.size_on_server == 0 and inbound.case.has_attachment
        files = {row.name: row for row in message.attachments.all()}
        assert set(files) == {"list.csv", "plans.pdf"}
        part = parse.part(message.raw.content(), files["plans.pdf"].part)
    assert part is not None and part.content == CONTENT
    assert message.new_text == "Here are the plans."
    with pytest.raises(ValueError, match="All of this mail"):
        remainder.request(inbound, by=administrator)


def test_why_it_cannot_be_fetched_is_said(
    dovecot: Dovecot, cut: InboundEmail, administrator: Employee, settings: Any
) -> None:
    settings.CASEWAY_LARGEST_REST = 1_000_000
    with pytest.raises(ValueError, match="CASEWAY_LARGEST_REST"):
        remainder.request(cut, by=administrator)
    settings.CASEWAY_LARGEST_REST = 100_000_000
    assert cut.mailbox is not None
    with dovecot.connect(cut.mailbox.address) as imap:
        imap.select("INBOX")
        imap.store("1", "+FLAGS", r"(\Deleted)")
        imap.expunge()
    failed = ask(cut, administrator)
    assert failed.state == "failed" and "not on the server any more" in failed.words


def test_a_light_agent_cannot_ask(cut: InboundEmail, administrator: Employee) -> None:
    administrator.role = "light_agent"
    with organisation_scope(cut.organisation_id), pytest.raises(NotAllowedError):
        remainder.request(cut, by=administrator)
