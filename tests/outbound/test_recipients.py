"""Who a reply goes to: everybody of the message answered but ourselves, and a word about whoever is new."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caseway.accounts.models import Organisation
from caseway.cases.models import Case, Direction, Message
from caseway.intake.models import InboundEmail
from caseway.mail.address import address_key
from caseway.mail.model import Address
from caseway.mailboxes.models import SupportAddress
from caseway.outbound.errors import CannotSendError
from caseway.outbound.models import OutboundEmail
from caseway.outbound.recipients import choices, suggested_alias, warnings
from caseway.outbound.reply import ReplyDraft, reply
from tests.companies import Company
from tests.mails import mail

Arrive = Callable[..., InboundEmail]
OURS = ("support@fieldnote.example", "help@fieldnote.example", "SUPPORT@FieldNote.example")
ADDRESSES = st.one_of(
    st.sampled_from(OURS),
    st.builds(
        lambda name, domain: f"{name}@{domain}",
        st.sampled_from(["a", "B", "c.d", "e+f", "ü"]),
        st.sampled_from(["x.example", "Y.example", "fieldnote.example", "bücher.example"]),
    ),
)
PEOPLE = st.lists(st.tuples(st.sampled_from(["", "Kim", "Lee, Jr."]), ADDRESSES).map(list), max_size=6)


def keys(people: list[list[str]]) -> set[str]:
    return {address_key(email) for _, email in people}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sender=ADDRESSES, to=PEOPLE, cc=PEOPLE)
def test_reply_all_is_from_and_to_and_cc_less_ours(
    company: Company, sender: str, to: list[list[str]], cc: list[list[str]]
) -> None:
    SupportAddress.objects.filter(pk=company.support.pk).update(aliases=["help@fieldnote.example"])
    case = _case(company.organisation)
    case.messages.all().delete()
    Message.objects.create(
        organisation=company.organisation, case=case, direction=Direction.IN, from_email=sender, to=to, cc=cc
    )
    ours = {address_key(address) for address in (*OURS, "caseway@localhost")}
    offered = choices(case, company.maya)
    given_to, given_cc = [one.key for one in offered.to], [one.key for one in offered.cc]
    assert {*given_to, *given_cc} == (keys([["", sender]]) | keys(to) | keys(cc)) - ours
    assert len(given_to + given_cc) == len({*given_to, *given_cc})
    assert set(given_to) == {address_key(sender)} - ours


def _case(organisation: Organisation) -> Case:
    return Case.objects.get_or_create(organisation=organisation, number=1)[0]


def said(case: Case, *emails: str) -> list[tuple[str, str]]:
    return [(one.email, one.kind) for one in warnings(case, [Address("", email) for email in emails])]


def test_the_people_of_the_first_mail_are_the_conversation(company: Company, arrive: Arrive) -> None:
    arrive(mail(cc="lee@brightwater.example"))
    case = Case.objects.get()
    assert said(case, "parker@brightwater.example", "LEE@brightwater.example", company.support.address) == []
    assert said(case, "boss@else.example", "boss@else.example") == [("boss@else.example", "third party")]


def test_whoever_a_later_mail_adds_is_pointed_out_until_written_to(company: Company, arrive: Arrive) -> None:
    first = arrive(mail())
    arrive(mail(cc="new@else.example", in_reply_to=f"<{first.message_identifier}>", text="Adding New."))
    case = Case.objects.get()
    offered = choices(case, company.maya)
    assert "new@else.example" in [one.email for one in offered.cc]
    assert said(case, *(one.email for one in (*offered.to, *offered.cc))) == [("new@else.example", "third party")]
    reply(case, company.maya, ReplyDraft(company.support, offered.to, "Hello", cc=offered.cc))
    assert said(case, "new@else.example") == []


def test_an_unverified_sender_is_pointed_out(company: Company, arrive: Arrive) -> None:
    arrive(mail())
    sent = OutboundEmail.objects.get()
    arrive(mail(sender="m@else.example", in_reply_to=f"<{sent.message_identifier}>"))
    assert said(Case.objects.get(), "m@else.example") == [("m@else.example", "unverified")]


def test_an_alias_of_ours_that_no_row_names_is_never_written_to_and_suggested(company: Company, arrive: Arrive) -> None:
    arrive(mail(to="Help <help@fieldnote.example>, kim@brightwater.example"))
    case = Case.objects.get()
    offered = choices(case, company.maya)
    assert [one.email for one in offered.cc] == ["kim@brightwater.example"]
    assert suggested_alias(case) == ("help@fieldnote.example", company.support)
    with pytest.raises(CannotSendError, match="ourselves"):
        reply(case, company.maya, ReplyDraft(company.support, (Address("", "help@fieldnote.example"),), "Hi"))
    SupportAddress.objects.filter(pk=company.support.pk).update(aliases=["help@fieldnote.example"])
    assert suggested_alias(case) is None


@pytest.mark.parametrize(
    ("headers", "alias"),
    [
        pytest.param({"to": "support@fieldnote.example", "cc": "maya@fieldnote.example"}, "", id="a row is named"),
        pytest.param({"to": "a@fieldnote.example, b@fieldnote.example"}, "", id="two could be it"),
        pytest.param({"to": "list@else.example"}, "", id="none of our domain"),
        pytest.param(
            {"to": "a@fieldnote.example, b@fieldnote.example", "delivered_to": "b@fieldnote.example"},
            "b@fieldnote.example",
            id="the delivery header says which",
        ),
    ],
)
def test_which_address_is_an_unknown_alias(arrive: Arrive, headers: dict[str, str], alias: str) -> None:
    arrive(mail(**headers))
    assert Message.objects.get(direction="in").unknown_address == alias


def test_an_address_at_a_public_provider_is_nobodys_alias(company: Company, arrive: Arrive) -> None:
    SupportAddress.objects.filter(pk=company.support.pk).update(address="fieldnote@gmail.com")
    arrive(mail(to="friend@gmail.com"))
    assert Message.objects.get(direction="in").unknown_address == ""
