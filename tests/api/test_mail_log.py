"""The ledger and the outbox over the API."""

from __future__ import annotations

import pytest

from caseway.intake.models import InboundEmail
from caseway.intake.process import process_pending
from caseway.mail.model import Address
from caseway.outbound.models import OutboundEmail
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
