"""What can be done to a case, and by whom."""

import datetime

import pytest

from caseway.accounts.models import Team
from caseway.cases import lists
from caseway.cases.errors import NotAllowedError, StaleCaseError
from caseway.cases.models import Case, EventKind, Status
from caseway.cases.opening import open_by_hand
from caseway.contacts.models import Contact
from tests.companies import Company


@pytest.fixture
def case(company: Company) -> Case:
    return open_by_hand(
        company.organisation, by=company.dana, subject="Two\r\nlines", description="d", email="kim@x.example"
    )


def kinds(case: Case) -> list[str]:
    return list(case.events.order_by("pk").values_list("kind", flat=True))


def test_a_case_by_hand_has_a_number_a_contact_and_one_line_as_subject(company: Company, case: Case) -> None:
    assert (case.label, case.subject, case.source, case.created_by) == ("CW-1", "Two lines", "manual", company.dana)
    assert case.contact == Contact.objects.get()
    assert kinds(case) == [EventKind.CREATED]


def test_a_case_needs_a_subject(company: Company) -> None:
    with pytest.raises(ValueError, match="needs a subject"):
        open_by_hand(company.organisation, by=company.dana, subject=" \n ")


def test_each_verb_is_one_event_and_one_version(company: Company, case: Case) -> None:
    team = Team.objects.create(organisation=company.organisation, name="Repairs")
    by = company.dana
    case.assign(company.maya, by=by)
    case.assign(None, team, by=by)
    case.set_status(Status.WAITING, by=by)
    case.set_priority("urgent", by=by)
    case.set_type("Warranty", by=by)
    case.set_tags(["a", " a ", "", "b"], by=by)
    case.set_need_by(datetime.date(2027, 1, 2), by=by)
    case.close(by=by)
    case.reopen(by=by)
    case.trash(by=by)
    case.restore(by=by)
    assert kinds(case)[1:] == [
        "assigned", "assigned", "status", "priority", "type", "tags", "need_by", "status", "status", "deleted",
        "restored",
    ]  # fmt: skip
    fresh = Case.objects.get()
    assert fresh.version == case.version == 12
    assert (fresh.assigned_team, fresh.assigned_employee, fresh.tags, fresh.status) == (team, None, ["a", "b"], "open")
    assert fresh.modified_by == by


def test_setting_what_is_set_changes_nothing(company: Company, case: Case) -> None:
    case.set_status(Status.NEW, by=company.dana)
    case.set_priority("normal", by=company.dana)
    assert case.version == 1 and kinds(case) == ["created"]


def test_a_stale_change_is_refused_and_overwrites_nothing(company: Company, case: Case) -> None:
    seen = case.version
    case.set_priority("high", by=company.maya)
    with pytest.raises(StaleCaseError, match="CW-1 was changed"):
        case.set_priority("low", by=company.dana, expected_version=seen)
    assert Case.objects.get().priority == "high"


def test_a_light_agent_notes_and_changes_nothing_else(company: Company, case: Case) -> None:
    assert case.note("Seen in the workshop.", by=company.light).new_text == "Seen in the workshop."
    for change in (
        lambda: case.close(by=company.light),
        lambda: case.assign(company.light, by=company.light),
        lambda: case.trash(by=company.light),
        lambda: open_by_hand(company.organisation, by=company.light, subject="x"),
    ):
        with pytest.raises(NotAllowedError):
            change()


def test_nobody_is_assigned_who_left(company: Company, case: Case) -> None:
    company.maya.is_active = False
    with pytest.raises(ValueError, match="not active"):
        case.assign(company.maya, by=company.dana)


def test_the_timeline_is_in_the_order_of_time(company: Company, case: Case) -> None:
    case.note("first", by=company.dana)
    case.close(by=company.dana)
    assert [type(entry).__name__ for entry in case.timeline()] == ["Event", "Message", "Event"]


def test_views_hold_what_their_names_say(company: Company, case: Case) -> None:
    mine = open_by_hand(company.organisation, by=company.dana, subject="mine", assigned_employee=company.dana)
    closed = open_by_hand(company.organisation, by=company.dana, subject="closed")
    closed.close(by=company.dana)
    gone = open_by_hand(company.organisation, by=company.dana, subject="gone")
    gone.trash(by=company.dana)
    held = {slug: set(view.rows(company.dana)) for slug, view in lists.VIEWS.items()}
    assert held == {
        "my-cases": {mine},
        "unassigned": {case},
        "all-open": {case, mine},
        "waiting": set(),
        "closed": {closed},
        "mentions": set(),
        "drafts": set(),
        "snoozed": set(),
        "trash": {gone},
    }
    counted = {"my-cases": 1, "unassigned": 1, "all-open": 2, "waiting": 0, "mentions": 0, "drafts": 0, "snoozed": 0}
    assert lists.counts(company.dana) == counted


def test_pages_follow_each_other_without_gap_or_repeat(company: Company) -> None:
    for number in range(7):
        open_by_hand(company.organisation, by=company.dana, subject=f"case {number}")
    rows = lists.VIEWS["all-open"].rows(company.dana)
    seen: list[int] = []
    key = ""
    while True:
        page = lists.page(rows, key, size=3)
        seen += [row.number for row in page.rows]
        open_by_hand(company.organisation, by=company.dana, subject="comes in between")
        key = page.next
        if not key:
            break
    assert seen == [7, 6, 5, 4, 3, 2, 1]
    assert lists.page(rows, "rubbish").rows


@pytest.mark.parametrize("text", ["CW-1", "1", "#1", "two lines", "KIM@x", "lines two"])
def test_search_finds_by_number_subject_and_address(company: Company, case: Case, text: str) -> None:
    open_by_hand(company.organisation, by=company.dana, subject="other")
    assert list(lists.search(lists.VIEWS["all-open"].rows(company.dana), text)) == [case]


def test_search_survives_anything(company: Company, case: Case) -> None:
    for text in ("'", "%", "\0", "a" * 5000, "((", '"', "\\", "🦊", "-"):
        list(lists.search(lists.VIEWS["all-open"].rows(company.dana), text))
