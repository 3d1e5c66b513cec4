"""Pages about what watches over the mail: imports of older mail, daily counts, alarms, the rest of large mail."""

from __future__ import annotations

import datetime as dt

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from caseway.accounts.scope import organisation_scope
from caseway.intake.alarms import update
from caseway.intake.models import DailyCount, HistoryImport, InboundEmail, Remainder
from caseway.mailboxes.models import Mailbox
from tests.web.conftest import Scene


def content(client: Client, name: str, *arguments: object) -> str:
    return client.get(reverse(name, args=arguments)).content.decode()


def test_an_import_is_asked_for_shown_and_stopped(scene: Scene, maya: Client) -> None:
    with organisation_scope(scene.company.organisation.pk):
        HistoryImport.objects.all().delete()
    address = scene.company.support.pk
    assert "First day" in content(maya, "email-to-case-history", address)
    assert reverse("email-to-case-history", args=[address]) in content(maya, "email-to-case")
    wrong = maya.post(reverse("email-to-case-history", args=[address]), {"range": "since", "since": "soon"})
    assert wrong.status_code == 422 and "Enter the first day" in wrong.content.decode()
    answer = maya.post(reverse("email-to-case-history", args=[address]), {"range": "since", "since": "2026-01-31"})
    assert answer.status_code == 302
    with organisation_scope(scene.company.organisation.pk):
        asked = HistoryImport.objects.get()
        assert asked.since == dt.date(2026, 1, 31)
        HistoryImport.objects.update(total=200, seen=50, kept=49)
    assert "50 of 200 messages, 25 %" in content(maya, "email-to-case-list")
    again = maya.post(reverse("email-to-case-history", args=[address]), {"range": "all"}, follow=True)
    assert "is being imported already" in again.content.decode()
    maya.post(reverse("history-stop", args=[asked.pk]))
    assert "was stopped after 49 messages" in content(maya, "email-to-case-list")


def test_the_daily_line_stands_in_the_list_and_in_the_mail_log(scene: Scene, maya: Client) -> None:
    company = scene.company
    with organisation_scope(company.organisation.pk):
        DailyCount.objects.create(
            organisation=company.organisation,
            mailbox=company.mailbox,
            day=timezone.localdate(),
            on_server=412,
            in_cases=409,
            ignored=2,
            quarantined=1,
        )
    for page in ("email-to-case", "mail-log"):
        assert "server 412 = 409 in cases + 2 ignored + 1 quarantined" in content(maya, page)


def test_administrators_see_an_alarm_on_every_page_and_others_do_not(scene: Scene, maya: Client, dana: Client) -> None:
    with organisation_scope(scene.company.organisation.pk):
        Mailbox.objects.update(checked_at=timezone.now())
        InboundEmail.objects.update(state="quarantined")
        update(scene.company.organisation)
    for page in ("cases", "contacts", "profile", "alarms"):
        assert "in quarantine and in no case" in content(maya, page)
    assert "in quarantine" not in content(dana, "cases")
    with organisation_scope(scene.company.organisation.pk):
        InboundEmail.objects.update(state="delivered")
        update(scene.company.organisation)
    assert "in quarantine" not in content(maya, "cases")
    assert "All is well" in content(maya, "alarms") and "in quarantine" in content(maya, "alarms")


def test_the_rest_of_a_large_mail_is_asked_for_in_the_case(scene: Scene, maya: Client) -> None:
    with organisation_scope(scene.company.organisation.pk):
        InboundEmail.objects.update(size_on_server=60_000_000, mailbox=scene.company.mailbox)
    assert "Fetch the rest from the server" in content(maya, "case", scene.case.number)
    maya.post(reverse("message-rest", args=[scene.message.pk]))
    assert "The rest is being fetched" in content(maya, "case", scene.case.number)
    with organisation_scope(scene.company.organisation.pk):
        Remainder.objects.update(state="failed", words="The message is not on the server any more.")
    page = content(maya, "case", scene.case.number)
    assert "not on the server any more" in page and "Fetch the rest from the server" in page
