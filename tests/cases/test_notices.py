"""Telling employees: who is told, by which way, and when it is over."""

from __future__ import annotations

import datetime
from email import message_from_bytes, policy
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from caseway.accounts.models import Employee
from caseway.accounts.together import gathered
from caseway.cases import notices
from caseway.cases.models import Case, Message, Notification, NotificationKind
from caseway.cases.opening import open_by_hand
from caseway.cases.waking import wake_due
from caseway.outbound.models import OutboundEmail
from caseway.outbound.notices import mail_due
from tests.companies import Company

ASSIGNED, REPLIED, MENTIONED = NotificationKind.ASSIGNED, NotificationKind.REPLIED, NotificationKind.MENTIONED


@pytest.fixture
def case(company: Company) -> Case:
    case = open_by_hand(company.organisation, by=company.maya, subject="Tent pole snapped")
    Notification.objects.all().delete()
    return case


def wants(employee: Employee, **ways: list[str]) -> None:
    employee.notices = ways
    employee.save(update_fields=["notices"])


def later() -> None:
    """Three minutes pass."""
    early = timezone.now() - datetime.timedelta(minutes=3)
    Notification.objects.update(created_at=early)


def mails() -> list[Any]:
    rows = OutboundEmail.objects.filter(kind="system").order_by("pk")
    return [message_from_bytes(row.raw.content(), policy=policy.default) for row in rows]


def test_each_is_told_once_and_never_of_what_they_did_themselves(company: Company, case: Case) -> None:
    dana, maya = company.dana, company.maya
    rows = notices.notify(ASSIGNED, case, [dana, None, maya, dana], actor=maya)
    assert [row.employee for row in rows] == [dana]
    assert notices.unread_count(dana) == 1
    assert notices.unread_count(maya) == 0


def test_nobody_who_left_is_told(company: Company, case: Case) -> None:
    company.dana.is_active = False
    assert notices.notify(ASSIGNED, case, [company.dana]) == []


def test_the_profile_decides_by_which_way(company: Company, case: Case) -> None:
    dana = company.dana
    wants(dana, assigned=[], replied=["email"], mentioned=["workspace", "smoke signs"])
    assert notices.notify(ASSIGNED, case, [dana]) == []
    [mailed] = notices.notify(REPLIED, case, [dana])
    assert (mailed.is_listed, mailed.to_mail) == (False, True)
    [listed] = notices.notify(MENTIONED, case, [dana], actor=company.maya)
    assert (listed.is_listed, listed.to_mail) == (True, False)
    assert [row.pk for row in notices.recent(dana)] == [listed.pk]
    assert notices.for_browser(dana, 0) == []


def test_the_browser_shows_what_is_new_once(company: Company, case: Case) -> None:
    dana = company.dana
    first = notices.notify(ASSIGNED, case, [dana], actor=company.maya)[0]
    second = notices.notify(REPLIED, case, [dana])[0]
    assert [row.pk for row in notices.for_browser(dana, 0)] == [first.pk, second.pk]
    assert [row.pk for row in notices.for_browser(dana, first.pk)] == [second.pk]
    later()
    assert notices.for_browser(dana, 0) == []


def test_five_answers_in_one_case_are_one_thing_to_look_at(company: Company, case: Case) -> None:
    for _ in range(5):
        notices.notify(REPLIED, case, [company.dana])
    other = open_by_hand(company.organisation, by=None, subject="Another")
    notices.notify(ASSIGNED, other, [company.dana])
    assert notices.unread_count(company.dana) == 2
    assert notices.read(company.dana, case=case) == 5
    assert notices.unread_count(company.dana) == 1
    other.trash(by=company.maya)
    assert notices.unread_count(company.dana) == 0
    assert all(row.case_id == case.pk for row in notices.recent(company.dana))


def test_only_that_employees_pages_hear_it(company: Company, case: Case) -> None:
    with CaptureQueriesContext(connection) as queries:
        notices.notify(ASSIGNED, case, [company.dana])
    [note] = [query["sql"] for query in queries if "pg_notify" in query["sql"]]
    assert f'"event":"notification","employee":{company.dana.pk}' in note


def test_in_a_batch_all_go_with_one_insert(company: Company, case: Case) -> None:
    with CaptureQueriesContext(connection) as queries, transaction.atomic(), gathered():
        for _ in range(20):
            notices.notify(REPLIED, case, [company.dana, company.maya])
    statements = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(statements) == 2, statements  # the rows, the bell
    assert Notification.objects.count() == 40


def test_the_sentence_names_who_and_where(company: Company, case: Case) -> None:
    message = Message.objects.create(
        organisation=company.organisation,
        case=case,
        direction="in",
        from_name="Parker Ehlers",
        new_text="Any news? " * 50,
    )
    notices.notify(REPLIED, case, [company.dana], message=message)
    notices.notify(ASSIGNED, case, [company.dana], actor=company.maya)
    notices.notify(ASSIGNED, case, [company.dana])
    assigned, by, replied = (notices.sentence(row) for row in notices.recent(company.dana))
    assert replied == f"Parker Ehlers answered in {case.label}"
    assert by == f"Maya Lindqvist assigned {case.label} to you"
    assert assigned == f"{case.label} came in and is assigned to you"
    assert len(notices.recent(company.dana)[2].snippet) == notices.SNIPPET  # type: ignore[attr-defined]


def test_one_mail_tells_all_that_gathered(company: Company, case: Case) -> None:
    wants(company.dana, assigned=["email"], mentioned=["workspace", "email"])
    notices.notify(ASSIGNED, case, [company.dana], actor=company.maya)
    assert mail_due() == 0  # two minutes are not over
    later()
    notices.notify(MENTIONED, case, [company.dana], actor=company.maya)
    assert mail_due() == 1
    assert mail_due() == 0
    [mail] = mails()
    assert mail["To"] == "Dana Whitfield <dana@fieldnote.example>"
    assert mail["Subject"] == "2 things to look at"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_content()
    assert f"Maya Lindqvist assigned {case.label} to you: Tent pole snapped" in text
    assert f"/cases/{case.number}" in text
    assert "/profile#notifications" in text


def test_what_was_read_meanwhile_is_not_mailed(company: Company, case: Case) -> None:
    notices.notify(MENTIONED, case, [company.dana], actor=company.maya)
    later()
    notices.read(company.dana, case=case)
    assert mail_due() == 0
    assert mails() == []


@pytest.mark.parametrize("why", ["left", "our own address", "the case is in the trash"])
def test_no_mail_where_it_would_go_astray(company: Company, case: Case, why: str) -> None:
    dana = company.dana
    notices.notify(MENTIONED, case, [dana], actor=company.maya)
    if why == "left":
        dana.is_active = False
    elif why == "our own address":
        dana.email = "Support@fieldnote.example"  # it would come back in and make a case
    else:
        case.trash(by=company.maya)
    dana.save()
    later()
    mail_due()
    assert mails() == []
    assert mail_due() == 0


def test_the_mail_speaks_the_language_of_its_reader(company: Company, case: Case, settings: Any) -> None:
    company.dana.language = "ar"
    company.dana.save()
    notices.notify(MENTIONED, case, [company.dana], actor=company.maya)
    later()
    mail_due()
    assert "\u2068Maya Lindqvist\u2069" in mails()[0]["Subject"]


# -- where they come from


def told(employee: Employee) -> list[str]:
    rows = Notification.objects.filter(employee=employee).order_by("pk")
    return [str(row.kind) for row in rows]


def test_whoever_gets_a_case_is_told_and_whoever_takes_it_is_not(company: Company, case: Case) -> None:
    case.assign(company.dana, by=company.maya)
    case.assign(company.maya, by=company.maya)
    assert told(company.dana) == ["assigned"]
    assert told(company.maya) == []


def test_followers_hear_of_what_colleagues_do_once(company: Company, case: Case) -> None:
    case.follow(company.dana, by=company.dana)
    case.follow(company.light, by=company.light)
    case.close(by=company.dana)
    case.reopen(by=company.dana)  # nobody has looked yet
    case.assign(company.light, by=company.maya)
    assert told(company.light) == ["followed", "assigned"]
    assert told(company.dana) == ["followed"]


def test_who_is_mentioned_is_told_so_and_not_of_the_note_too(company: Company, case: Case) -> None:
    case.follow(company.dana, by=company.dana)
    case.follow(company.light, by=company.light)
    case.note("@Dana, have a look", by=company.maya, mentions=[company.dana])
    assert told(company.dana) == ["mentioned"]
    assert told(company.light) == ["followed"]


def test_a_case_that_comes_back_tells_whoever_put_it_off(company: Company, case: Case) -> None:
    case.snooze(timezone.now() + datetime.timedelta(minutes=1), by=company.dana)
    Case.objects.update(snoozed_until=timezone.now() - datetime.timedelta(minutes=1))
    wake_due()
    assert told(company.dana) == ["woken"]
    assert notices.sentence(notices.recent(company.dana)[0]) == f"{case.label} is back: you had put it off"
