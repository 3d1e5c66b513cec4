"""What then happens: a customer's email becomes a case, once, with contact, assignee and acknowledgement."""

import datetime
from collections.abc import Callable

import pytest
from django.utils import timezone

from caseway.cases.models import Case, Direction, EventKind, Status
from caseway.contacts.models import Contact
from caseway.intake.models import InboundEmail, InboundState
from caseway.mail.parse import parse
from caseway.mailboxes.models import SupportAddress
from caseway.outbound.models import OutboundEmail, OutboundKind
from tests.companies import Company
from tests.mails import mail

Arrive = Callable[..., InboundEmail]


def acknowledgements() -> list[OutboundEmail]:
    return list(OutboundEmail.objects.filter(kind=OutboundKind.ACKNOWLEDGEMENT).order_by("pk"))


def test_a_mail_becomes_a_case_of_the_assigned_employee(company: Company, arrive: Arrive) -> None:
    row = arrive(mail())
    assert row.state == InboundState.DELIVERED
    case = Case.objects.get()
    assert (case.label, case.subject, case.status, case.source) == ("CW-1", "Tent pole snapped", "new", "email")
    assert case.assigned_employee == company.maya
    assert case.email == "parker@brightwater.example"
    assert "second joint" in case.description
    assert list(Case.objects.visible_to(company.maya).of(company.maya)) == [case]
    assert row.case == case
    assert "CW-1" in row.reason


def test_the_sender_is_a_contact_with_the_name_of_the_message(arrive: Arrive) -> None:
    arrive(mail())
    contact = Contact.objects.get()
    assert (contact.name, contact.email) == ("Parker Ehlers", "parker@brightwater.example")
    arrive(mail(sender='"P. Ehlers" <PARKER@Brightwater.example>', subject="Another matter"))
    assert Contact.objects.count() == 1
    assert contact.cases.count() == 2


def test_the_sender_gets_one_acknowledgement_with_number_and_summary(company: Company, arrive: Arrive) -> None:
    row = arrive(mail())
    [sent] = acknowledgements()
    email = parse(sent.raw.content())
    assert sent.recipients == ["parker@brightwater.example"]
    assert sent.envelope_from == ""
    assert "CW-1" in email.subject and "Tent pole snapped" in email.subject
    assert "CW-1" in email.text and "Tent pole snapped" in email.text
    assert email.header("auto-submitted") == "auto-replied"
    assert email.in_reply_to == (row.message_identifier,)
    assert row.message_identifier in email.references
    assert email.sender.email == company.support.address


def test_a_reply_to_the_acknowledgement_joins_by_headers_alone(arrive: Arrive) -> None:
    arrive(mail())
    [sent] = acknowledgements()
    row = arrive(mail(subject="thanks", in_reply_to=f"<{sent.message_identifier}>", text="Here is more."))
    assert Case.objects.count() == 1
    assert row.message is not None and "signed Message-ID" in row.message.evidence
    assert len(acknowledgements()) == 1


def test_a_reply_joins_by_the_subject_alone_when_the_sender_takes_part(arrive: Arrive) -> None:
    arrive(mail())
    arrive(mail(subject="Re: Tent pole snapped [CW-1]", text="One more thing."))
    assert Case.objects.count() == 1
    assert Case.objects.get().messages.filter(direction=Direction.IN).count() == 2


def test_a_stranger_with_a_number_gets_a_case_of_their_own_linked_to_it(arrive: Arrive) -> None:
    arrive(mail())
    arrive(mail(sender="Mallory <mallory@elsewhere.example>", subject="Re: [CW-1]"))
    other = Case.objects.get(number=2)
    assert other.related_to is not None and other.related_to.number == 1
    assert not any("Tent pole" in parse(one.raw.content()).text for one in acknowledgements()[1:])


def test_a_stranger_with_a_token_joins_unverified(arrive: Arrive) -> None:
    arrive(mail())
    [sent] = acknowledgements()
    arrive(mail(sender="Kim <kim@brightwater.example>", in_reply_to=f"<{sent.message_identifier}>"))
    case = Case.objects.get()
    assert case.participants.get(email="kim@brightwater.example").is_verified is False
    assert case.events.filter(kind=EventKind.JOINED).count() == 1


def test_a_stranger_who_answers_by_headers_joins_unverified_and_gains_nothing(arrive: Arrive) -> None:
    arrive(mail(message_id="<question@brightwater.example>"))
    arrive(mail(sender="Kim <kim@elsewhere.example>", in_reply_to="<question@brightwater.example>"))
    case = Case.objects.get()
    assert case.participants.get(email="kim@elsewhere.example").is_verified is False
    assert len(acknowledgements()) == 1
    arrive(mail(sender="Kim <kim@elsewhere.example>", subject="Re: [CW-1]"))
    assert Case.objects.get(number=2).related_to == case


def test_two_answers_that_arrive_before_their_question_make_one_case(arrive: Arrive) -> None:
    arrive(mail(subject="Re: Tent", in_reply_to="<late@brightwater.example>"))
    arrive(mail(subject="Re: Tent", in_reply_to="<late@brightwater.example>"))
    arrive(mail(subject="Tent", message_id="<late@brightwater.example>"))
    assert Case.objects.count() == 1 and Case.objects.get().messages.filter(direction=Direction.IN).count() == 3


def test_a_strangers_case_does_not_catch_the_mail_that_it_names(arrive: Arrive) -> None:
    arrive(mail(sender="Mallory <mallory@elsewhere.example>", in_reply_to="<to.come@brightwater.example>"))
    arrive(mail(message_id="<to.come@brightwater.example>"))
    assert Case.objects.count() == 2


def test_a_token_with_one_letter_changed_opens_a_case_of_its_own(arrive: Arrive) -> None:
    arrive(mail())
    [sent] = acknowledgements()
    identifier = sent.message_identifier
    changed = identifier[:8] + ("b" if identifier[8] != "b" else "c") + identifier[9:]
    arrive(mail(sender="Kim <kim@else.example>", in_reply_to=f"<{changed}>"))
    assert Case.objects.count() == 2


def test_the_same_mail_twice_makes_one_case(arrive: Arrive) -> None:
    raw = mail(message_id="<once@x.example>")
    arrive(raw)
    second = arrive(raw)
    assert second.state == InboundState.IGNORED and "CW-1 already" in second.reason
    assert Case.objects.count() == 1 and len(acknowledgements()) == 1


def test_the_same_message_id_with_other_words_is_kept(arrive: Arrive) -> None:
    arrive(mail(message_id="<once@x.example>"))
    arrive(mail(message_id="<once@x.example>", text="Something else entirely."))
    assert InboundEmail.objects.filter(state=InboundState.DELIVERED).count() == 2


def test_two_mails_without_message_id_in_one_second_are_two_cases(arrive: Arrive) -> None:
    arrive(mail(message_id="", text="one"))
    arrive(mail(message_id="", text="two"))
    assert Case.objects.count() == 2


def test_the_same_uid_again_is_passed_over(arrive: Arrive) -> None:
    arrive(mail(), uid=5)
    arrive(mail(), uid=5)
    assert InboundEmail.objects.count() == 1 and Case.objects.count() == 1


def test_a_deleted_case_does_not_come_back(company: Company, arrive: Arrive) -> None:
    raw = mail()
    arrive(raw)
    Case.objects.get().trash(by=company.maya)
    arrive(raw)
    assert Case.objects.count() == 1
    assert not Case.objects.visible_to(company.maya).exists()


def test_one_mail_to_two_of_our_addresses_is_one_case_with_both(company: Company, arrive: Arrive) -> None:
    orders = SupportAddress.objects.create(
        organisation=company.organisation,
        mailbox=company.mailbox,
        address="orders@fieldnote.example",
        assigned_employee=company.dana,
    )
    arrive(mail(to="orders@fieldnote.example, support@fieldnote.example"))
    case = Case.objects.get()
    assert set(case.support_addresses.all()) == {orders, company.support}
    assert case.assigned_employee == company.dana  # the address named first


def test_two_aliases_of_one_mailbox_go_to_two_rows(company: Company, arrive: Arrive) -> None:
    company.support.is_default = False
    company.support.aliases = ["help@fieldnote.example"]
    company.support.save()
    SupportAddress.objects.create(
        organisation=company.organisation,
        mailbox=company.mailbox,
        address="orders@fieldnote.example",
        assigned_employee=company.dana,
    )
    arrive(mail(to="HELP@fieldnote.example"))
    arrive(mail(to="list@elsewhere.example", x_original_to="orders@fieldnote.example"))
    assert [case.assigned_employee for case in Case.objects.order_by("number")] == [company.maya, company.dana]
    row = arrive(mail(to="private@fieldnote.example"))
    assert row.state == InboundState.IGNORED and "Not addressed" in row.reason


def test_mail_for_a_paused_address_waits_until_it_is_resumed(company: Company, arrive: Arrive) -> None:
    SupportAddress.objects.update(is_paused=True)
    row = arrive(mail())
    assert row.state == InboundState.HELD
    SupportAddress.objects.update(is_paused=False)
    arrive(mail(subject="Another"))
    row.refresh_from_db()
    assert row.state == InboundState.DELIVERED


def long_ago(arrive: Arrive, raw: bytes, days: int) -> InboundEmail:
    """A mail of an import, as old as that."""
    return arrive(raw, is_history=True, received_at=timezone.now() - datetime.timedelta(days=days))


def test_imported_cases_are_as_old_and_as_closed_as_their_latest_mail(arrive: Arrive) -> None:
    first = long_ago(arrive, mail(message_id="<h1@brightwater.example>"), 400)
    case = first.case
    assert case is not None and case.status == Status.CLOSED and case.closed_at == case.created_at
    later = long_ago(arrive, mail(text="Still broken", in_reply_to="<h1@brightwater.example>"), 300)
    assert later.case == case
    case.refresh_from_db()
    assert case.status == Status.CLOSED and case.preview == "Still broken" and case.modified_at == later.received_at
    recent = long_ago(arrive, mail(text="And again", in_reply_to="<h1@brightwater.example>"), 2)
    case.refresh_from_db()
    assert recent.case == case and case.status == Status.OPEN and case.closed_at is None
    earlier = long_ago(arrive, mail(text="The very first", in_reply_to="<h1@brightwater.example>"), 500)
    case.refresh_from_db()
    assert case.created_at == earlier.received_at and case.preview == "And again" and case.received_at is None


def test_a_recent_imported_case_is_new(arrive: Arrive) -> None:
    found = long_ago(arrive, mail(), 3).case
    assert found is not None and found.status == Status.NEW


def test_history_sends_nothing(arrive: Arrive) -> None:
    arrive(mail(), is_history=True)
    assert Case.objects.count() == 1 and acknowledgements() == []


def test_an_assignee_who_left_leaves_the_case_unassigned(company: Company, arrive: Arrive) -> None:
    company.maya.is_active = False
    company.maya.save()
    arrive(mail())
    assert Case.objects.get().assigned_employee is None


def test_a_reply_wakes_a_waiting_case_and_reopens_a_closed_one(company: Company, arrive: Arrive) -> None:
    arrive(mail())
    case = Case.objects.get()
    case.set_status(Status.WAITING, by=company.maya)
    arrive(mail(subject="Re: [CW-1] still broken"))
    case.refresh_from_db()
    assert case.status == Status.OPEN
    case.close(by=company.maya)
    arrive(mail(subject="Re: [CW-1] broken again"))
    case.refresh_from_db()
    assert case.status == Status.OPEN and case.closed_at is None
    assert case.events.filter(kind=EventKind.REOPENED).exists()


def test_a_reply_long_after_the_close_opens_a_linked_case(company: Company, arrive: Arrive) -> None:
    arrive(mail())
    case = Case.objects.get()
    case.close(by=company.maya)
    company.organisation.reopen_days = 0
    company.organisation.save()
    arrive(mail(subject="Re: [CW-1] a year later"))
    follow_up = Case.objects.get(number=2)
    assert follow_up.related_to == case


def test_an_answer_that_arrives_before_its_question_is_joined_by_it(arrive: Arrive) -> None:
    arrive(mail(subject="Re: broken", in_reply_to="<first.question@x.example>"))
    arrive(mail(subject="broken", message_id="<first.question@x.example>"))
    assert Case.objects.count() == 1


def test_the_case_of_another_organisation_is_never_joined(arrive: Arrive) -> None:
    from caseway.accounts.scope import every_organisation, organisation_scope
    from caseway.cases.opening import open_by_hand
    from caseway.outbound.own import signer
    from tests.companies import make_company

    other = make_company("other", "other.example")
    with organisation_scope(other.organisation.pk):
        foreign = open_by_hand(other.organisation, by=other.maya, subject="Theirs", email="parker@brightwater.example")
    token = signer().message_id(other.organisation.pk, foreign.pk, 1, "other.example")
    arrive(mail(in_reply_to=f"<{token}>", subject="Re: [CW-1]"))
    assert Case.objects.count() == 1
    assert Case.objects.get().related_to is None
    with every_organisation():
        assert foreign.messages.count() == 0


@pytest.mark.parametrize("switch", ["acknowledges"])
def test_an_address_may_acknowledge_nothing(company: Company, arrive: Arrive, switch: str) -> None:
    SupportAddress.objects.update(**{switch: False})
    arrive(mail())
    assert acknowledgements() == []
    event = Case.objects.get().events.get(kind=EventKind.NOT_ACKNOWLEDGED)
    assert "off for support@" in event.data["reason"]


def test_the_template_of_the_address_is_used_and_a_broken_one_does_not_stop_the_mail(
    company: Company, arrive: Arrive
) -> None:
    SupportAddress.objects.update(acknowledgement_subject="Got it: {{ case.number }}", acknowledgement_body="Soon.")
    arrive(mail())
    SupportAddress.objects.update(acknowledgement_body="{{ case.owner.password }}")
    arrive(mail(subject="{{ 7 | times: 7 }}"))
    first, second = (parse(one.raw.content()) for one in acknowledgements())
    assert first.subject == "Got it: CW-1" and first.text.strip() == "Soon."
    assert "{{ 7 | times: 7 }}" in second.text  # a customer's words are never read as a template
