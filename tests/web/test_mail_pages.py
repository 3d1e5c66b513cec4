"""Mail log, replay and outbox through the pages, and a reply for later from the composer."""

from __future__ import annotations

import datetime
from contextlib import AbstractContextManager

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from caseway.accounts.scope import organisation_scope
from caseway.cases.models import Message
from caseway.intake.models import InboundEmail, SenderRule
from caseway.outbound.models import OutboundEmail, Pause
from tests.web.conftest import Scene

LOG = "/settings/mail-log"


def inside(scene: Scene) -> AbstractContextManager[None]:
    return organisation_scope(scene.company.organisation.pk)


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_message_id_is_answered_in_a_sentence(scene: Scene, maya: Client) -> None:
    with inside(scene):
        identifier = InboundEmail.objects.get().message_identifier
    shown = text(maya, f"{LOG}?q=<{identifier}>")
    assert "Received on" in shown and "It is in CW-1." in shown
    assert "Received on" in text(maya, f"{LOG}?q={identifier}")
    assert "Never seen" in text(maya, f"{LOG}?q=<nobody@else.example>")
    assert "Never seen" not in text(maya, f"{LOG}?q=parker")


@pytest.mark.parametrize("query", ["since=2999-01-01", "until=2001-01-01", "kind=bounce", "mailbox=0", "state=held"])
def test_the_log_is_filtered(scene: Scene, maya: Client, query: str) -> None:
    assert "No mail fits" in text(maya, f"{LOG}?{query}")
    assert "No mail fits" in text(maya, f"{LOG}/rows?{query}")


@pytest.mark.parametrize("query", ["since=tomorrow", "kind=nonsense", "mailbox=x", "state=no", "after=x", "q=%00"])
def test_filters_that_cannot_be_read_filter_nothing(scene: Scene, maya: Client, query: str) -> None:
    assert "Opened CW-1" in text(maya, f"{LOG}?{query}")


def test_a_case_is_made_anyway_and_the_list_stays_filtered(scene: Scene, maya: Client) -> None:
    with inside(scene):
        row = InboundEmail.objects.get()
        InboundEmail.objects.update(state="ignored", message=None, case=None)
    answer = maya.post(reverse("inbound-make-case", args=[row.pk]), {"query": "state=ignored"})
    assert answer["Location"] == f"{LOG}?state=ignored"
    with inside(scene):
        row.refresh_from_db()
    assert (row.state, row.decision, row.decided_by_id) == ("pending", "case", scene.company.maya.pk)


def test_a_sender_is_ignored_and_heard_again(scene: Scene, maya: Client) -> None:
    maya.post(reverse("sender-ignore"), {"sender": "@shop.example"})
    assert "@shop.example" in text(maya, LOG)
    with inside(scene):
        rule = SenderRule.objects.get(key="@shop.example")
    maya.post(reverse("sender-listen-again", args=[rule.pk]))
    with inside(scene):
        assert not SenderRule.objects.filter(pk=rule.pk).exists()
    assert "neither an address" in maya.post(reverse("sender-ignore"), {"sender": "x"}, follow=True).content.decode()


def test_stopped_sending_is_a_banner_for_administrators_with_one_button(
    scene: Scene, maya: Client, dana: Client
) -> None:
    with inside(scene):
        pause = Pause.objects.create(
            organisation=scene.company.organisation, kind="sending", key="*", reason="2000 mails within an hour"
        )
    assert "Sending is stopped" in text(maya, "/cases")
    assert "Sending is stopped" not in text(dana, "/cases")
    maya.post(reverse("pause-resume", args=[pause.pk]))
    assert "Sending is stopped" not in text(maya, "/cases")


def test_replay_shows_and_applies(scene: Scene, maya: Client) -> None:
    with inside(scene):
        right = scene.message.new_text
        Message.objects.filter(pk=scene.message.pk).update(new_text="cut short <b>")
    shown = text(maya, f"{LOG}/replay?run=1")
    assert "1 mails read again, 1 would" in shown and "cut short &lt;b&gt;" in shown
    with inside(scene):
        assert Message.objects.get(pk=scene.message.pk).new_text == "cut short <b>"
        row = InboundEmail.objects.get()
    maya.post(f"{LOG}/replay", {"row": [row.pk, "x", 99999999]})
    with inside(scene):
        assert Message.objects.get(pk=scene.message.pk).new_text == right
    assert "comes out the same" in text(maya, f"{LOG}/replay?run=1")


def test_an_uncertain_mail_is_settled_or_sent_again_after_a_warning(scene: Scene, maya: Client) -> None:
    with inside(scene):
        row = OutboundEmail.objects.get()
        OutboundEmail.objects.update(state="uncertain")
    assert "may get it twice" in text(maya, "/settings/outgoing-email?state=uncertain")
    maya.post(reverse("outbound-was-sent", args=[row.pk]))
    shown = text(maya, "/settings/outgoing-email")
    assert "Maya Lindqvist found out that it arrived." in shown and "may get it twice" not in shown


def scheduled(scene: Scene, client: Client, when: str) -> str:
    form = {"to": "parker@brightwater.example", "text": "Later.", "after": "later", "send_at": when}
    return client.post(reverse("case-replies", args=[scene.case.number]), form, follow=True).content.decode()


def test_a_reply_is_scheduled_shown_sent_now_or_taken_back(scene: Scene, dana: Client) -> None:
    when = (timezone.now() + datetime.timedelta(days=2)).strftime("%Y-%m-%dT09:30")
    assert "Scheduled for" in scheduled(scene, dana, when)
    with inside(scene):
        row = OutboundEmail.objects.get(kind="reply")
        assert row.is_scheduled and row.send_at > timezone.now() + datetime.timedelta(days=1)
        OutboundEmail.objects.filter(pk=row.pk).update(state="held")
    shown = text(dana, f"/cases/{scene.case.number}")
    assert "the customer wrote in the meantime" in shown and "Send as planned" in shown
    dana.post(reverse("outbound-release", args=[row.pk]), {"from_case": "on"})
    with inside(scene):
        assert OutboundEmail.objects.get(pk=row.pk).state == "queued"
    dana.post(reverse("reply-undo", args=[row.pk]))
    with inside(scene):
        assert OutboundEmail.objects.get(pk=row.pk).state == "cancelled"


@pytest.mark.parametrize(("when", "words"), [("", "Choose a day"), ("2001-01-01T10:00", "has passed")])
def test_a_time_that_cannot_be_meant_keeps_the_text(scene: Scene, dana: Client, when: str, words: str) -> None:
    shown = scheduled(scene, dana, when)
    assert words in shown and "Later." in shown


def test_the_composer_points_out_a_third_party(scene: Scene, dana: Client) -> None:
    path = f"/cases/{scene.case.number}"
    assert "has not been part" not in text(dana, path)
    shown = text(dana, f"{path}/recipients?to=parker@brightwater.example&cc=boss@else.example")
    assert "boss@else.example" in shown and "parker@" not in shown
    shown = text(dana, f"{path}/recipients?cc=%3Cscript%3Ex@y.example")
    assert "<script>" not in shown


def test_an_unknown_alias_is_suggested_to_administrators(scene: Scene, maya: Client, dana: Client) -> None:
    with inside(scene):
        Message.objects.filter(pk=scene.message.pk).update(unknown_address="help@fieldnote.example")
    path = f"/cases/{scene.case.number}"
    assert "Add as an alias" in text(maya, path) and "Add as an alias" not in text(dana, path)
    edit = reverse("email-to-case-edit", args=[scene.company.support.pk])
    assert "help@fieldnote.example" in text(maya, f"{edit}?alias=help@fieldnote.example")


def test_a_light_agent_sees_no_buttons_on_a_scheduled_reply(scene: Scene, dana: Client, lior: Client) -> None:
    scheduled(scene, dana, (timezone.now() + datetime.timedelta(days=2)).strftime("%Y-%m-%dT09:30"))
    shown = text(lior, f"/cases/{scene.case.number}")
    assert "Scheduled for" in shown and "Send now" not in shown
