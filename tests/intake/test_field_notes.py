"""What users of other help desks ran into, where no other file here is about it."""

import datetime
import threading
from collections.abc import Callable
from email import message_from_bytes
from email.message import Message

import pytest
from django.db import connection
from django.utils import timezone

from caseway.accounts.scope import organisation_scope
from caseway.cases.models import Case, EventKind
from caseway.intake.models import InboundEmail, InboundState
from caseway.intake.process import process_pending
from caseway.intake.receive import receive
from caseway.mail.model import Address
from caseway.mailboxes.fetched import Fetched
from caseway.mailboxes.models import Mailbox, SupportAddress
from caseway.outbound.models import OutboundEmail
from caseway.outbound.reply import ReplyDraft, choices, reply
from caseway.outbound.system import send_system
from tests.companies import Company, make_company
from tests.intake.test_no_acknowledgement import bounce_of
from tests.mails import mail

Arrive = Callable[..., InboundEmail]


def test_one_mail_to_two_of_our_addresses_makes_a_case_for_each_where_the_company_wants_that(
    company: Company, arrive: Arrive
) -> None:
    company.organisation.one_case_per_message = False
    company.organisation.save()
    sales = make_mailbox(company, "sales@fieldnote.example")
    raw = mail(to="support@fieldnote.example, sales@fieldnote.example")
    arrive(raw)
    row = arrive(raw, mailbox=sales.mailbox, uid=1)
    assert row.state == InboundState.DELIVERED, row.reason
    first, second = Case.objects.order_by("number")
    assert [first.support_addresses.get(), second.support_addresses.get()] == [company.support, sales]
    arrive(raw, mailbox=sales.mailbox, uid=2)
    assert Case.objects.count() == 2, "through the same address it is a repeat"


def make_mailbox(company: Company, address: str) -> SupportAddress:
    mailbox = Mailbox.objects.create(
        organisation=company.organisation, address=address, login=address, imap_host="127.0.0.1", lease_number=1
    )
    return SupportAddress.objects.create(
        organisation=company.organisation, mailbox=mailbox, address=address, is_default=True
    )


def idle(case: Case, days: int) -> None:
    Case.objects.filter(pk=case.pk).update(modified_at=timezone.now() - datetime.timedelta(days=days))


@pytest.mark.parametrize(
    ("days", "subject", "joins"),
    [
        (20, "Where is my invoice?", False),
        (20, "[EXTERNAL] AW: Tent pole snapped", True),
        (20, "", True),
        (20, "Where is my invoice? [CW-1]", True),
        (2, "Where is my invoice?", True),
    ],
)
def test_an_old_mail_that_is_answered_with_another_subject_begins_a_case_of_its_own(
    arrive: Arrive, days: int, subject: str, joins: bool
) -> None:
    question = arrive(mail())
    case = Case.objects.get()
    idle(case, days)
    row = arrive(mail(subject=subject, in_reply_to=f"<{question.message_identifier}>"))
    assert row.state == InboundState.DELIVERED
    if joins:
        assert row.case == case
    else:
        assert row.case is not None and row.case.related_to == case
        assert row.message is not None and "subject is another one" in row.message.evidence


def test_a_renamed_case_is_still_answered_under_the_subject_that_the_customer_knows(arrive: Arrive) -> None:
    question = arrive(mail())
    Case.objects.update(subject="Poles of the spring delivery")
    idle(Case.objects.get(), 20)
    row = arrive(mail(subject="Re: Tent pole snapped", in_reply_to=f"<{question.message_identifier}>"))
    assert row.case == Case.objects.get()


def test_a_notification_that_bounces_makes_nothing_and_is_told_to_nobody(company: Company, arrive: Arrive) -> None:
    sent = send_system(company.organisation, Address("Maya", "maya@fieldnote.example"), "Something waits", "Look.")
    assert sent.envelope_from == "", "a mail of ours that nobody wrote asks for no report (RFC 3834 3.3)"
    row = arrive(bounce_of(sent.message_identifier))
    assert row.state == InboundState.IGNORED
    assert Case.objects.count() == 0 and OutboundEmail.objects.count() == 1


def test_whoever_is_in_copy_is_sent_nothing_by_itself(arrive: Arrive) -> None:
    arrive(mail(cc="stranger@elsewhere.example"))
    assert [row.recipients for row in OutboundEmail.objects.all()] == [["parker@brightwater.example"]]


def test_the_acknowledgement_goes_to_the_sender_and_not_to_reply_to(arrive: Arrive) -> None:
    arrive(mail(reply_to="victim@elsewhere.example"))
    assert OutboundEmail.objects.get().recipients == ["parker@brightwater.example"]


def test_no_address_of_an_employee_reaches_a_customer(company: Company, arrive: Arrive) -> None:
    arrive(mail())
    case = Case.objects.get()
    case.assign(company.dana, by=company.maya)
    case.note("Ask Lior.", by=company.maya)
    offered = choices(case, company.dana)
    reply(case, company.dana, ReplyDraft(company.support, offered.to, "It is on its way.", undo_seconds=0))
    sent = list(OutboundEmail.objects.all())
    assert len(sent) == 2
    for row in sent:
        raw = row.raw.content()
        whole = raw + b"".join(_decoded(part) for part in message_from_bytes(raw).walk())
        for employee in (company.maya, company.dana, company.light):
            assert employee.email.encode() not in whole and employee.email not in row.envelope_from
        assert b"Ask Lior" not in whole


def _decoded(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def test_every_mail_that_leaves_has_its_own_identifier_and_names_what_came_before(
    company: Company, arrive: Arrive
) -> None:
    first = arrive(mail())
    case = Case.objects.get()
    offered = choices(case, company.dana)
    for text in ("One.", "Two."):
        reply(case, company.dana, ReplyDraft(company.support, offered.to, text, undo_seconds=0))
        case.refresh_from_db()
    found = [message_from_bytes(row.raw.content()) for row in OutboundEmail.objects.order_by("pk")]
    assert len(found) == 3 and len({one["Message-ID"] for one in found}) == 3
    for one in found:
        assert one["In-Reply-To"] == f"<{first.message_identifier}>"
        assert first.message_identifier in one["References"]


def test_a_bounce_that_names_a_customer_is_an_event_and_no_mail(arrive: Arrive) -> None:
    arrive(mail())
    identifier = OutboundEmail.objects.get().message_identifier
    for _ in range(3):
        arrive(bounce_of(identifier))
    assert OutboundEmail.objects.count() == 1
    assert Case.objects.get().events.filter(kind=EventKind.BOUNCED).count() >= 1


@pytest.mark.django_db(transaction=True)
def test_two_fetchers_at_once_keep_each_mail_once() -> None:
    company = make_company()
    batch = [Fetched("INBOX", 7, uid, mail(text=f"Parcel {uid} is missing."), timezone.now()) for uid in range(1, 31)]
    together, faults = threading.Barrier(4), []

    def fetch() -> None:
        try:
            together.wait(10)
            receive(company.mailbox, batch)
        except Exception as error:
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=fetch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert faults == []
    process_pending()
    with organisation_scope(company.organisation.pk):
        assert InboundEmail.objects.count() == Case.objects.count() == 30
