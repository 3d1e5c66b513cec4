"""Answers: who they come from, who gets them, what they carry, and that they leave once."""

from collections.abc import Callable

import pytest

from caseway.cases.errors import NotAllowedError, StaleCaseError
from caseway.cases.models import Case, Status
from caseway.intake.models import InboundEmail
from caseway.mail.model import Address, File
from caseway.mail.parse import parse
from caseway.mailboxes.models import Mailbox, SupportAddress
from caseway.outbound.errors import CannotSendError
from caseway.outbound.models import OutboundEmail, OutboundState
from caseway.outbound.reply import ReplyDraft, cc_for, choices, reply, undo
from tests.companies import Company
from tests.mails import mail

Arrive = Callable[..., InboundEmail]
PARKER = Address("Parker Ehlers", "parker@brightwater.example")


@pytest.fixture
def case(company: Company, arrive: Arrive) -> Case:
    arrive(mail(to="Support <support@fieldnote.example>, kim@brightwater.example", cc="lee@brightwater.example"))
    return Case.objects.get()


def other_address(company: Company, **values: object) -> SupportAddress:
    mailbox = Mailbox.objects.create(
        organisation=company.organisation,
        address="sales@fieldnote.example",
        login="sales@fieldnote.example",
        imap_host="127.0.0.1",
    )
    return SupportAddress.objects.create(
        organisation=company.organisation, mailbox=mailbox, address="sales@fieldnote.example", **values
    )


def draft(company: Company, **values: object) -> ReplyDraft:
    return ReplyDraft(**{"from_address": company.support, "to": (PARKER,), "text": "It leaves today.", **values})  # type: ignore[arg-type]


def test_a_reply_goes_to_everybody_of_the_message_answered_less_ourselves(company: Company, case: Case) -> None:
    offered = choices(case, company.maya)
    assert [address.email for address in offered.to] == ["parker@brightwater.example"]
    assert [address.email for address in offered.cc] == ["kim@brightwater.example", "lee@brightwater.example"]


def test_reply_to_is_answered(company: Company, arrive: Arrive) -> None:
    arrive(mail(reply_to="Hut <hut@brightwater.example>, support@fieldnote.example"))
    offered = choices(Case.objects.get(), company.maya)
    assert [address.email for address in offered.to] == ["hut@brightwater.example"]


def test_a_reply_carries_threading_headers_tag_and_quote(company: Company, case: Case) -> None:
    row = reply(case, company.maya, draft(company))
    email = parse(row.raw.content())
    question = InboundEmail.objects.get().message_identifier
    assert email.in_reply_to == (question,)
    assert question in email.references
    assert email.message_id == row.message_identifier
    assert email.subject == "Re: Tent pole snapped [CW-1]"
    assert email.text.startswith("It leaves today.")
    assert "> the main pole broke" in email.text
    assert row.message is not None and row.message.new_text == "It leaves today."
    assert "maya@" not in row.raw.content().decode()


def test_the_answer_to_our_answer_joins(company: Company, case: Case, arrive: Arrive) -> None:
    row = reply(case, company.maya, draft(company))
    arrive(mail(subject="Re: whatever", in_reply_to=f"<{row.message_identifier}>", text="Thanks!"))
    assert Case.objects.count() == 1
    case.refresh_from_db()
    assert case.status == Status.OPEN


def test_from_email_id_off_everywhere_leaves_the_address_written_to(company: Company, case: Case) -> None:
    other_address(company)
    offered = choices(case, company.maya)
    assert offered.from_addresses == [company.support]


def test_from_email_id_on_offers_the_address_and_prefers_the_one_written_to(company: Company, case: Case) -> None:
    sales = other_address(company, from_email_id=True)
    assert choices(case, company.maya).from_addresses == [sales]
    SupportAddress.objects.update(from_email_id=True)
    offered = choices(case, company.maya)
    assert offered.from_addresses == [company.support, sales]
    assert offered.default_from == company.support


def test_add_to_cc_joins_when_another_address_is_from(company: Company, case: Case) -> None:
    sales = other_address(company, from_email_id=True)
    SupportAddress.objects.filter(pk=company.support.pk).update(add_to_cc=True)
    assert cc_for(case, sales) == (company.support,)
    assert cc_for(case, company.support) == ()
    row = reply(case, company.maya, draft(company, from_address=sales, cc=(Address("", "SUPPORT@fieldnote.example"),)))
    email = parse(row.raw.content())
    assert [address.key for address in email.cc] == ["support@fieldnote.example"]  # once
    assert row.recipients.count("support@fieldnote.example") <= 1
    row = reply(case, company.maya, draft(company))
    assert parse(row.raw.content()).cc == ()


def test_add_to_cc_off_adds_nothing(company: Company, case: Case) -> None:
    sales = other_address(company, from_email_id=True)
    row = reply(case, company.maya, draft(company, from_address=sales))
    assert parse(row.raw.content()).cc == ()


def test_our_copy_coming_back_makes_nothing(company: Company, case: Case, arrive: Arrive) -> None:
    row = reply(case, company.maya, draft(company))
    before = case.messages.count()
    assert arrive(row.raw.content()).state == "ignored"
    assert case.messages.count() == before


def test_sending_sets_waiting_and_undo_takes_everything_back(company: Company, case: Case) -> None:
    row = reply(case, company.maya, draft(company))
    case.refresh_from_db()
    assert case.status == Status.WAITING
    assert undo(row, by=company.maya) == "It leaves today."
    case.refresh_from_db()
    row.refresh_from_db()
    assert case.status == Status.NEW and row.state == OutboundState.CANCELLED
    assert not case.messages.filter(new_text="It leaves today.").exists()


def test_what_has_left_cannot_be_undone(company: Company, case: Case) -> None:
    row = reply(case, company.maya, draft(company))
    OutboundEmail.objects.filter(pk=row.pk).update(state=OutboundState.SENT)
    with pytest.raises(CannotSendError, match="has left already"):
        undo(row, by=company.maya)


def test_pressing_send_twice_sends_once(company: Company, case: Case) -> None:
    one = reply(case, company.maya, draft(company, request_key="k1"))
    assert reply(case, company.maya, draft(company, request_key="k1")) == one
    assert OutboundEmail.objects.filter(kind="reply").count() == 1


def test_files_are_sent_and_shown(company: Company, case: Case) -> None:
    row = reply(case, company.maya, draft(company, files=(File("größe.txt", "text/plain", b"48 cm"),)))
    assert row.message is not None
    [shown] = row.message.attachments.all()
    assert (shown.name, shown.size) == ("größe.txt", 5)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"text": "  "}, "empty"),
        ({"to": ()}, "no recipient"),
        ({"to": (Address("", "nonsense"),)}, "not an email address"),
        ({"to": (Address("", "support@fieldnote.example"),)}, "ourselves only"),
        ({"to": (Address("", "a@b.example\r\nBcc: x@y.example"),)}, "not an email address"),
        ({"to": tuple(Address("", f"a{n}@b.example") for n in range(101))}, "recipients"),
    ],
)
def test_what_cannot_be_sent_is_said_and_changes_nothing(
    company: Company, case: Case, change: dict[str, object], sentence: str
) -> None:
    before = (OutboundEmail.objects.count(), case.messages.count())
    with pytest.raises(CannotSendError, match=sentence):
        reply(case, company.maya, draft(company, **change))
    assert (OutboundEmail.objects.count(), case.messages.count()) == before


def test_a_light_agent_does_not_answer(company: Company, case: Case) -> None:
    with pytest.raises(NotAllowedError, match="light agent"):
        reply(case, company.light, draft(company))


def test_an_answer_to_a_case_that_changed_is_held_back(company: Company, case: Case) -> None:
    seen = case.version
    case.set_priority("high", by=company.dana)
    with pytest.raises(StaleCaseError):
        reply(case, company.maya, draft(company, expected_version=seen))


def test_line_breaks_in_a_subject_reach_no_header(company: Company, arrive: Arrive) -> None:
    arrive(mail(subject="=?utf-8?q?Broken=0D=0ABcc:_victim@else.example?="))
    row = reply(Case.objects.get(), company.maya, draft(company))
    head = row.raw.content().split(b"\r\n\r\n")[0]
    assert not any(line.lower().startswith(b"bcc") for line in head.split(b"\r\n"))
    assert row.recipients == ["parker@brightwater.example"]


def test_an_unverified_participant_is_not_offered(company: Company, case: Case, arrive: Arrive) -> None:
    sent = OutboundEmail.objects.get()
    arrive(mail(sender="Mallory <m@else.example>", cc=PARKER.email, in_reply_to=f"<{sent.message_identifier}>"))
    offered = choices(case, company.maya)
    assert "m@else.example" not in [address.email for address in (*offered.to, *offered.cc)]
    case.verify_participant("m@else.example", by=company.maya)
    assert "m@else.example" in [address.email for address in choices(case, company.maya).to]
