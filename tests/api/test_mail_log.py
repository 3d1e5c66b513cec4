"""The ledger and the outbox over the API."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from caseway.cases.models import Message
from caseway.intake.models import InboundEmail
from caseway.intake.process import process_pending
from caseway.mail.model import Address
from caseway.outbound.models import OutboundEmail, Pause
from caseway.outbound.system import send_system
from tests.api.conftest import Api
from tests.api.mails import arrive, mail
from tests.companies import Company


def test_one_search_answers_for_a_message_id(administrator: Api, inside: Company) -> None:
    row = arrive(inside, mail(inside, "Late delivery"))
    arrive(inside, mail(inside, "Lost parcel"))
    (found,) = administrator.get(f"/inbound?search=<{row.message_identifier}>")["items"]
    assert (found["id"], found["state"], found["subject"]) == (row.pk, "delivered", "Late delivery")
    assert found["case"] is not None
    assert found["sender"] == "parker@ehlers.example"
    assert found["reason"]
    assert administrator.get("/inbound?search=never@seen.example")["items"] == []
    assert administrator.get(f"/inbound/{row.pk}") == found
    assert b"Late delivery" in administrator.get(f"/inbound/{row.pk}/raw").content


def test_the_ledger_is_filtered_by_state_and_paged(administrator: Api, inside: Company) -> None:
    rows = [arrive(inside, mail(inside, f"Question {index}")) for index in range(3)]
    InboundEmail.objects.filter(pk=rows[1].pk).update(state="ignored")
    assert [row["id"] for row in administrator.get("/inbound?state=ignored")["items"]] == [rows[1].pk]
    assert len(administrator.get("/inbound?state=ignored&state=delivered")["items"]) == 3
    first = administrator.get("/inbound?size=2")
    arrive(inside, mail(inside, "Meanwhile"))
    second = administrator.get(f"/inbound?size=2&after={first['next']}")
    assert [row["id"] for row in first["items"] + second["items"]] == [row.pk for row in reversed(rows)]
    assert second["next"] is None


def test_a_quarantined_mail_is_processed_again(administrator: Api, api: Api, inside: Company) -> None:
    row = arrive(inside, mail(inside))
    InboundEmail.objects.filter(pk=row.pk).update(state="quarantined", attempts=5)
    api.post(f"/inbound/{row.pk}/process", expect=403)
    assert administrator.post(f"/inbound/{row.pk}/process", expect=202)["state"] == "pending"
    process_pending()
    assert administrator.get(f"/inbound/{row.pk}")["state"] in {"delivered", "ignored"}


def test_a_mail_in_a_case_is_not_processed_twice(administrator: Api, inside: Company) -> None:
    row = arrive(inside, mail(inside))
    assert administrator.post(f"/inbound/{row.pk}/process", expect=409)["type"].endswith("#wrong-state")


def test_the_outbox_lists_what_leaves(api: Api, inside: Company) -> None:
    row = arrive(inside, mail(inside))
    assert row.case is not None
    sent = api.post(f"/cases/{row.case.number}/reply", {"text": "Soon.", "undo_seconds": 60}, 202)
    (reply,) = api.get("/outbound?kind=reply")["items"]
    assert reply["id"] == sent["delivery"]["id"]
    assert (reply["state"], reply["case"], reply["created_by"]) == ("queued", row.case.number, "Dana Whitfield")
    assert reply["recipients"] == ["parker@ehlers.example"]
    assert api.get(f"/outbound/{reply['id']}") == reply
    kinds = [one["kind"] for one in api.get(f"/outbound?case=CW-{row.case.number}")["items"]]
    assert sorted(kinds) == ["acknowledgement", "reply"]
    assert api.get("/outbound?state=failed")["items"] == []
    assert len(api.get(f"/outbound?search={reply['message_id']}")["items"]) == 1
    assert len(api.get("/outbound?search=ehlers")["items"]) == 2


def test_administrators_stop_and_repeat_what_caseway_sends(api: Api, administrator: Api, inside: Company) -> None:
    arrive(inside, mail(inside))
    (acknowledgement,) = api.get("/outbound?kind=acknowledgement")["items"]
    at = f"/outbound/{acknowledgement['id']}"
    api.post(f"{at}/cancel", expect=403)
    administrator.post(f"{at}/send-again", expect=409)
    assert administrator.post(f"{at}/cancel")["state"] == "cancelled"
    OutboundEmail.objects.filter(pk=acknowledgement["id"]).update(state="uncertain")
    api.post(f"{at}/send-again", expect=403)
    again = administrator.post(f"{at}/send-again")
    assert (again["state"], again["message_id"]) == ("queued", acknowledgement["message_id"])


@pytest.mark.parametrize("path", ["/inbound/0", "/inbound/abc", "/inbound/999999999999999999999", "/outbound/-1"])
def test_an_id_that_cannot_be_is_refused(administrator: Api, path: str) -> None:
    assert administrator.request("GET", path).status_code in {404, 422}


def test_the_ledger_is_for_administrators(api: Api, light: Api, inside: Company) -> None:
    row = arrive(inside, mail(inside))
    for one in (api, light):
        for path in ("/inbound", f"/inbound/{row.pk}", f"/inbound/{row.pk}/raw", "/inbound/777777"):
            one.get(path, 403)


def test_invitations_are_for_administrators(api: Api, administrator: Api, inside: Company) -> None:
    sent = send_system(inside.organisation, Address("Kim", "kim@fieldnote.example"), "Welcome", "Come in.")
    assert [row["id"] for row in administrator.get("/outbound?kind=system")["items"]] == [sent.pk]
    assert api.get("/outbound")["items"] == []
    api.get(f"/outbound/{sent.pk}", 404)


def test_a_message_id_is_accounted_for(administrator: Api, api: Api, inside: Company) -> None:
    row = arrive(inside, mail(inside))
    found = administrator.get(f"/mail/account?message_id=<{row.message_identifier}>")
    assert found["is_known"] and "It is in CW-" in found["sentences"][0]
    never = administrator.get("/mail/account?message_id=never@seen.example")
    assert not never["is_known"] and never["sentences"][0].startswith("Never seen")
    api.get("/mail/account?message_id=never@seen.example", 403)


def test_senders_are_ignored_and_their_mail_made_a_case_all_the_same(
    administrator: Api, api: Api, stranger: Api, inside: Company
) -> None:
    api.post("/mail/ignored-senders", {"sender": "@ehlers.example"}, 403)
    rule = administrator.post("/mail/ignored-senders", {"sender": "@ehlers.example"}, 201)
    assert administrator.post("/mail/ignored-senders", {"sender": "@EHLERS.example"}, 201)["id"] == rule["id"]
    administrator.post("/mail/ignored-senders", {"sender": "nobody"}, 422)
    row = arrive(inside, mail(inside))
    assert row.state == "ignored"
    api.post(f"/inbound/{row.pk}/case", expect=403)
    assert administrator.post(f"/inbound/{row.pk}/case", expect=202)["state"] == "pending"
    process_pending()
    assert administrator.get(f"/inbound/{row.pk}")["state"] == "delivered"
    assert OutboundEmail.objects.count() == 0
    administrator.post(f"/inbound/{row.pk}/case", expect=409)
    assert stranger.get("/mail/ignored-senders") == []
    stranger.delete(f"/mail/ignored-senders/{rule['id']}", 404)
    administrator.delete(f"/mail/ignored-senders/{rule['id']}")
    assert administrator.get("/mail/ignored-senders") == []


def test_what_is_paused_is_listed_and_resumed(administrator: Api, stranger: Api, inside: Company) -> None:
    made = Pause.objects.create(organisation=inside.organisation, kind="sending", key="*", reason="too many")
    [pause] = administrator.get("/mail/pauses")
    assert (pause["id"], pause["kind"], pause["reason"]) == (made.pk, "sending", "too many")
    assert stranger.get("/mail/pauses") == []
    stranger.post(f"/mail/pauses/{made.pk}/resume", expect=404)
    administrator.post(f"/mail/pauses/{made.pk}/resume")
    assert administrator.get("/mail/pauses") == []


def test_a_mail_is_replayed_and_the_difference_applied(administrator: Api, api: Api, inside: Company) -> None:
    row = arrive(inside, mail(inside))
    at = f"/inbound/{row.pk}/replay"
    assert administrator.get(at)["changes"] == []
    Message.objects.filter(pk=row.message_id).update(new_text="cut short")
    [change] = administrator.get(at)["changes"]
    assert (change["what"], change["before"]) == ("New text", "cut short")
    api.post(at, expect=403)
    assert "Rewritten" in administrator.post(at)["done"]
    assert administrator.get(at)["changes"] == []


def test_a_reply_for_later_is_scheduled_held_released_and_sent_now(api: Api, inside: Company) -> None:
    row = arrive(inside, mail(inside))
    assert row.case is not None
    at = f"/cases/{row.case.number}/reply"
    api.post(at, {"text": "Later.", "send_at": "2001-01-01T00:00:00Z"}, 422)
    api.post(at, {"text": "Later.", "send_at": "2999-01-01T00:00:00"}, 422)
    when = (timezone.now() + datetime.timedelta(days=3)).isoformat()
    queued = api.post(at, {"text": "Later.", "send_at": when, "cc": ["boss@else.example"]}, 202)
    assert [one["email"] for one in queued["warnings"]] == ["boss@else.example"]
    out = f"/outbound/{queued['delivery']['id']}"
    assert api.get(out)["is_scheduled"]
    api.post(f"{out}/release", expect=409)
    OutboundEmail.objects.filter(pk=queued["delivery"]["id"]).update(state="held")
    assert api.post(f"{out}/release")["state"] == "queued"
    assert api.post(f"{out}/send-now")["send_at"] < when
    api.post(f"{out}/was-sent", expect=403)


def test_an_uncertain_mail_is_settled_by_a_person(administrator: Api, inside: Company) -> None:
    arrive(inside, mail(inside))
    row = OutboundEmail.objects.get()
    administrator.post(f"/outbound/{row.pk}/was-sent", expect=409)
    OutboundEmail.objects.update(state="uncertain")
    settled = administrator.post(f"/outbound/{row.pk}/was-sent")
    assert settled["state"] == "sent" and "Maya" in settled["evidence"]
