"""Merging, splitting, moving and linking cases, there and back."""

from collections.abc import Callable

import pytest

from caseway.cases.errors import NotAllowedError, StaleCaseError
from caseway.cases.models import Case, CaseAddress, EventKind, Follower, Message, Participant
from caseway.cases.undo import undo
from caseway.intake.models import InboundEmail
from caseway.mail.parse import parse
from caseway.outbound.models import OutboundEmail
from tests.cases.conftest import Open
from tests.companies import Company
from tests.mails import mail

Arrive = Callable[..., InboundEmail]


@pytest.fixture
def parker(arrive: Arrive) -> Case:
    return _case(arrive(mail(subject="Tent pole snapped", message_id="<pole@x.example>")))


@pytest.fixture
def kim(arrive: Arrive) -> Case:
    raw = mail(subject="Same pole", sender="Kim Olsen <kim@brightwater.example>", message_id="<kim@x.example>")
    return _case(arrive(raw))


def _case(inbound: InboundEmail) -> Case:
    assert inbound.case is not None, inbound.reason
    return inbound.case


def fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def keys(case: Case) -> set[str]:
    return set(case.participants.values_list("key", flat=True))


def acknowledgement(case: Case) -> str:
    return "<" + OutboundEmail.objects.get(case=case, kind="acknowledgement").message_identifier.strip("<>") + ">"


def test_a_merged_case_leaves_everything_to_its_target(company: Company, parker: Case, kim: Case) -> None:
    kim.follow(company.maya, by=company.maya)
    messages = set(kim.messages.values_list("pk", flat=True))
    event = kim.merge(parker, by=company.dana)
    kim, parker = fresh(kim), fresh(parker)
    assert (kim.merged_into, kim.status, kim.messages.count()) == (parker, "closed", 0)
    assert messages < set(parker.messages.values_list("pk", flat=True))
    assert set(parker.messages.filter(moved_from=kim).values_list("pk", flat=True)) == messages
    assert "kim@brightwater.example" in keys(parker)
    assert Follower.objects.filter(case=parker, employee=company.maya).exists()
    assert event.case == kim and event.data["into"] == parker.number
    assert parker.events.filter(kind=EventKind.MERGED, data__number=kim.number).exists()


def test_a_reply_to_a_merged_case_joins_the_target(parker: Case, kim: Case, company: Company, arrive: Arrive) -> None:
    kim.merge(parker, by=company.dana)
    answer = mail(
        subject=f"Re: [CW-{kim.number}]", sender="Kim Olsen <kim@brightwater.example>", in_reply_to=acknowledgement(kim)
    )
    assert arrive(answer).case == parker
    by_number = mail(subject=f"Once more [CW-{kim.number}]", sender="Kim Olsen <kim@brightwater.example>")
    assert arrive(by_number).case == parker


def test_unmerging_gives_back_what_came_and_keeps_what_is_new(
    company: Company, parker: Case, kim: Case, arrive: Arrive
) -> None:
    before = set(kim.messages.values_list("pk", flat=True)), kim.status, keys(kim)
    theirs = set(parker.messages.values_list("pk", flat=True))
    event = kim.merge(parker, by=company.dana)
    later = arrive(mail(subject=f"[CW-{parker.number}] later", text="new")).message
    [taken_back] = undo([event], by=company.dana)
    kim, parker = fresh(kim), fresh(parker)
    assert (set(kim.messages.values_list("pk", flat=True)), kim.status, keys(kim)) == before
    assert kim.merged_into is None and not kim.messages.exclude(moved_from=None).exists()
    assert later is not None
    assert set(parker.messages.values_list("pk", flat=True)) == theirs | {later.pk}
    assert keys(parker) == {"parker@brightwater.example"}
    undo([taken_back], by=company.dana)
    assert fresh(kim).merged_into == parker


def test_what_was_merged_before_goes_along_and_comes_back(company: Company, open_case: Open) -> None:
    first, second, third = open_case("first"), open_case("second"), open_case("third")
    notes = {case.pk: case.note(case.subject, by=company.dana) for case in (first, second, third)}
    first.merge(second, by=company.dana)
    event = fresh(second).merge(third, by=company.dana)
    assert third.messages.count() == 3 and fresh(first).merged_into == third
    undo([event], by=company.dana)
    assert set(second.messages.all()) == {notes[first.pk], notes[second.pk]}
    assert fresh(first).merged_into == second
    fresh(first).unmerge(by=company.dana)
    assert [list(case.messages.all()) for case in (first, second, third)] == [
        [notes[case.pk]] for case in (first, second, third)
    ]


def test_merging_an_open_case_into_a_closed_one_opens_it(company: Company, open_case: Open) -> None:
    new, old = open_case("new"), open_case("old")
    old.close(by=company.dana)
    event = new.merge(old, by=company.dana)
    assert fresh(old).status == "open"
    undo([event], by=company.dana)
    assert (fresh(old).status, fresh(new).status) == ("closed", "new")


def test_merging_refuses_what_makes_no_sense(company: Company, open_case: Open) -> None:
    one, two, gone = open_case("one"), open_case("two"), open_case("gone")
    gone.trash(by=company.dana)
    with pytest.raises(ValueError, match="into itself"):
        one.merge(one, by=company.dana)
    with pytest.raises(ValueError, match="trash"):
        one.merge(gone, by=company.dana)
    with pytest.raises(NotAllowedError):
        one.merge(two, by=company.light)
    with pytest.raises(StaleCaseError):
        one.merge(two, by=company.dana, expected_version=99)
    one.merge(two, by=company.dana)
    with pytest.raises(ValueError, match="already"):
        fresh(one).merge(open_case("three"), by=company.dana)
    with pytest.raises(ValueError, match="Merge into that one"):
        open_case("four").merge(fresh(one), by=company.dana)


def test_a_queued_reply_goes_along_and_the_acknowledgement_stays(company: Company, parker: Case, kim: Case) -> None:
    from caseway.outbound.reply import ReplyDraft, choices, reply

    offered = choices(kim, company.dana)
    assert offered.default_from is not None
    row = reply(kim, company.dana, ReplyDraft(from_address=offered.default_from, to=offered.to, text="Soon."))
    event = fresh(kim).merge(parker, by=company.dana)
    assert OutboundEmail.objects.get(pk=row.pk).case == parker
    assert OutboundEmail.objects.get(case=kim).kind == "acknowledgement"
    undo([event], by=company.dana)
    assert OutboundEmail.objects.get(pk=row.pk).case == kim


@pytest.fixture
def second(parker: Case, arrive: Arrive) -> Message:
    """Another matter that Parker wrote into the same case."""
    raw = mail(subject=f"Re: [CW-{parker.number}] And the stove", in_reply_to="<pole@x.example>", text="It stinks.")
    message = arrive(raw).message
    assert message is not None and message.case == parker
    return message


def test_a_message_split_out_begins_a_case_of_its_own(company: Company, parker: Case, second: Message) -> None:
    event = parker.split(second, by=company.dana)
    new = Case.objects.get(number=event.data["number"])
    assert (new.subject, new.contact, new.email) == ("And the stove", parker.contact, parker.email)
    assert (new.assigned_employee, new.status, new.preview) == (company.maya, "new", "It stinks.")
    assert list(new.messages.all()) == [second] and second not in parker.messages.all()
    assert keys(new) == {"parker@brightwater.example"}
    assert CaseAddress.objects.filter(case=new).count() == 1
    assert new.events.get().data == {"from": parker.number}


def test_splitting_can_be_taken_back(company: Company, parker: Case, second: Message) -> None:
    event = parker.split(second, by=company.dana)
    new = Case.objects.get(number=event.data["number"])
    undo([event], by=company.dana)
    second.refresh_from_db()
    assert (second.case, second.moved_from) == (parker, None)
    assert fresh(new).merged_into == parker and fresh(new).deleted_at is not None


def test_splitting_is_not_taken_back_when_the_new_case_went_on(company: Company, parker: Case, second: Message) -> None:
    event = parker.split(second, by=company.dana)
    Case.objects.get(number=event.data["number"]).note("Ordered.", by=company.maya)
    with pytest.raises(StaleCaseError):
        undo([event], by=company.dana)


def test_a_reply_to_a_message_that_was_split_out_joins_the_new_case(
    company: Company, parker: Case, second: Message, arrive: Arrive
) -> None:
    from caseway.outbound.reply import ReplyDraft, choices, reply

    offered = choices(parker, company.dana)
    assert offered.default_from is not None
    sent = reply(parker, company.dana, ReplyDraft(from_address=offered.default_from, to=offered.to, text="Which?"))
    assert sent.message is not None
    event = fresh(parker).split(sent.message, by=company.dana)
    answer = mail(subject="Re: And the stove", in_reply_to=f"<{sent.message_identifier}>", text="The blue one.")
    joined = arrive(answer).case
    assert joined is not None and joined.number == event.data["number"]


def test_a_message_moves_with_its_people_and_back(company: Company, parker: Case, kim: Case, second: Message) -> None:
    event = parker.move(second, kim, by=company.dana)
    second.refresh_from_db()
    assert (second.case, second.moved_from) == (kim, parker)
    assert "parker@brightwater.example" in keys(kim)
    assert event.data == {"to": kim.number} and event.message == second
    undo([event], by=company.dana)
    second.refresh_from_db()
    assert (second.case, second.moved_from) == (parker, None)


def test_the_only_message_of_a_case_does_not_leave_it(company: Company, open_case: Open) -> None:
    case, other = open_case("one"), open_case("other")
    note = case.note("alone", by=company.dana)
    with pytest.raises(ValueError, match="only message"):
        case.split(note, by=company.dana)
    with pytest.raises(ValueError, match="only message"):
        case.move(note, other, by=company.dana)


def test_a_link_is_seen_from_both_sides_and_kept_once(company: Company, open_case: Open) -> None:
    one, other = open_case("one"), open_case("other")
    event = other.link(one, by=company.dana)
    assert one.link(other, by=company.dana) is None
    assert one.links.get().other == other
    assert one.events.filter(kind=EventKind.LINKED, data__number=other.number).exists()
    assert event is not None
    undo([event], by=company.dana)
    assert not one.links.exists()
    with pytest.raises(ValueError, match="another one"):
        one.link(one, by=company.dana)


def test_participants_stay_as_verified_as_they_were(company: Company, open_case: Open) -> None:
    case, into = open_case("one", email="a@x.example"), open_case("two", email="b@x.example")
    Participant.objects.create(organisation=company.organisation, case=case, key="c@x.example", email="c@x.example",
                               is_verified=False)  # fmt: skip
    case.merge(into, by=company.dana)
    verified = dict(into.participants.values_list("key", "is_verified"))
    assert verified == {"a@x.example": True, "b@x.example": True, "c@x.example": False}


def test_the_bytes_of_a_message_are_untouched_by_all_this(company: Company, parker: Case, second: Message) -> None:
    assert second.raw is not None
    before = second.raw.content()
    parker.split(second, by=company.dana)
    second.refresh_from_db()
    assert second.raw is not None and second.raw.content() == before
    assert parse(before).text.strip() == "It stinks."
