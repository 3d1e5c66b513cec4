"""Mail tells the employees whom it concerns."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext

from caseway.accounts.models import Employee
from caseway.cases import notices
from caseway.cases.models import Case, Notification
from caseway.intake.models import InboundEmail
from tests.companies import Company
from tests.mails import mail

Arrive = Callable[..., InboundEmail]


def told(employee: Employee) -> list[str]:
    return [str(row.kind) for row in Notification.objects.filter(employee=employee).order_by("pk")]


def test_a_new_case_tells_its_assignee_and_an_answer_everybody_who_cares(company: Company, arrive: Arrive) -> None:
    arrive(mail(message_id="first@brightwater.example"))
    case = Case.objects.get()
    assert told(company.maya) == ["assigned"]
    case.follow(company.dana, by=company.dana)
    case.follow(company.maya, by=company.maya)
    arrive(mail(subject="Re: it", message_id="second@brightwater.example", in_reply_to="first@brightwater.example"))
    assert case.messages.filter(direction="in").count() == 2
    assert told(company.maya) == ["assigned", "replied"]
    assert told(company.dana) == ["followed"]
    [row] = notices.recent(company.dana)
    assert notices.sentence(row).endswith(f"answered in {case.label}")


def test_history_tells_nobody(company: Company, arrive: Arrive) -> None:
    arrive(mail(), is_history=True)
    assert Case.objects.count() == 1
    assert told(company.maya) == []


def test_a_snoozed_case_that_is_answered_tells_whoever_put_it_off(company: Company, arrive: Arrive) -> None:
    arrive(mail(message_id="first@brightwater.example"))
    Case.objects.get().snooze(None, by=company.dana)
    arrive(mail(message_id="second@brightwater.example", in_reply_to="first@brightwater.example"))
    assert told(company.dana) == ["woken"]


def test_a_new_case_costs_one_statement_more_than_with_nobody_to_tell(company: Company, arrive: Arrive) -> None:
    arrive(mail(message_id="warm@brightwater.example"))
    company.maya.notices = {"assigned": []}
    company.maya.save()
    with CaptureQueriesContext(connection) as silent:
        arrive(mail(message_id="one@brightwater.example"))
    company.maya.notices = {}
    company.maya.save()
    with CaptureQueriesContext(connection) as telling:
        arrive(mail(message_id="two@brightwater.example"))
    assert len(telling) - len(silent) <= 1
