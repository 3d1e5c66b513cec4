"""What was said in a case: read, downloaded, answered."""

from __future__ import annotations

import base64
from email import message_from_bytes, policy

import pytest

from caseway.intake.models import InboundEmail
from caseway.mailboxes.models import SupportAddress
from caseway.outbound.models import OutboundEmail
from tests.api.conftest import Api
from tests.api.mails import arrive, mail
from tests.companies import Company


@pytest.fixture
def number(inside: Company) -> int:
    """Parker's case, made by a mail."""
    row = arrive(inside, mail(inside))
    assert row.case is not None, (row.state, row.reason, row.detail)
    return row.case.number


def test_a_mail_shows_with_the_words_of_its_headers(api: Api, number: int, inside: Company) -> None:
    case = api.get(f"/cases/{number}")
    assert case["assigned_to"]["name"] == "Maya Lindqvist"
    assert case["contact"]["name"] == "Parker Ehlers"
    assert case["addressed_to"] == [inside.support.address]
    first = case["messages"][0]
    assert (first["direction"], first["author"]) == ("in", "Parker Ehlers")
    assert first["from"] == {"name": "Parker Ehlers", "email": "parker@ehlers.example"}
    assert first["to"] == [{"name": "", "email": inside.support.address}]
    assert first["subject"] == "Parcel arrived without the lens"
    assert first["message_id"].endswith("@mail.ehlers.example")
    assert (first["in_reply_to"], first["references"]) == ("", [])
    assert "the lens is missing" in first["text"]


def test_html_is_given_out_safe_only(api: Api, number: int) -> None:
    first = api.get(f"/cases/{number}")["messages"][0]
    assert "<b>my parcel</b>" in first["html"]
    assert "script" not in first["html"]
    assert 'src="https://tracker.example' not in first["html"]


def test_files_and_raw_mail_are_downloads_byte_for_byte(api: Api, number: int, inside: Company) -> None:
    first = api.get(f"/cases/{number}")["messages"][0]
    (file,) = first["attachments"]
    assert (file["name"], file["content_type"]) == ("invoice 17.pdf", "application/pdf")
    answer = api.get(file["url"].removeprefix("/api/v1"))
    assert answer.content == b"%PDF-1.7 invoice"
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == "attachment; filename*=UTF-8''invoice%2017.pdf"
    assert answer["X-Content-Type-Options"] == "nosniff"
    raw = api.get(first["raw_url"].removeprefix("/api/v1"))
    assert raw.content == InboundEmail.objects.get().raw.content()
    assert raw["Content-Type"] == "message/rfc822"


def test_a_reply_is_queued_in_the_thread(api: Api, number: int, inside: Company) -> None:
    first = api.get(f"/cases/{number}")["messages"][0]
    sent = api.post(f"/cases/{number}/reply", {"text": "A new lens leaves today."}, 202)
    assert (sent["case"], sent["delivery"]["state"]) == (number, "queued")
    case = api.get(f"/cases/{number}")
    assert case["status"] == "waiting"
    reply = next(message for message in case["messages"] if message["id"] == sent["message"])
    assert (reply["direction"], reply["employee"]["name"]) == ("out", "Dana Whitfield")
    assert reply["to"] == [{"name": "Parker Ehlers", "email": "parker@ehlers.example"}]
    assert reply["in_reply_to"] == first["message_id"]
    assert reply["delivery"]["id"] == sent["delivery"]["id"]
    raw = api.get(reply["raw_url"].removeprefix("/api/v1")).content
    email = message_from_bytes(raw, policy=policy.default)
    assert email["In-Reply-To"].strip("<>") == first["message_id"]


def test_a_reply_says_to_whom_from_where_and_with_what(api: Api, number: int, inside: Company) -> None:
    SupportAddress.objects.filter(pk=inside.support.pk).update(from_email_id=True)
    body = {
        "text": "As asked.",
        "from": inside.support.address,
        "to": ["Parker Ehlers <parker@ehlers.example>"],
        "cc": ["Mira Stone <mira@stone.example>"],
        "bcc": ["archive@fieldnote.example"],
        "files": [
            {"name": "label.pdf", "content_type": "application/pdf", "content": base64.b64encode(b"%PDF").decode()}
        ],
        "status": "closed",
    }
    sent = api.post(f"/cases/{number}/reply", body, 202)
    case = api.get(f"/cases/{number}")
    reply = next(message for message in case["messages"] if message["id"] == sent["message"])
    assert case["status"] == "closed"
    assert reply["cc"] == [{"name": "Mira Stone", "email": "mira@stone.example"}]
    assert [file["name"] for file in reply["attachments"]] == ["label.pdf"]
    row = api.get(f"/outbound/{sent['delivery']['id']}")
    assert set(row["recipients"]) == {"parker@ehlers.example", "mira@stone.example", "archive@fieldnote.example"}


def test_an_idempotency_key_sends_once(api: Api, number: int, inside: Company) -> None:
    headers = {"Idempotency-Key": "answer-1"}
    body = {"text": "A new lens leaves today.", "undo_seconds": 60}
    first = api.post(f"/cases/{number}/reply", body, 202, **headers)
    assert api.post(f"/cases/{number}/reply", body, 202, **headers)["message_id"] == first["message_id"]
    problem = api.post(f"/cases/{number}/reply", body | {"text": "Other"}, 422, **headers)
    assert problem["type"].endswith("#key-reused")
    assert OutboundEmail.objects.filter(kind="reply").count() == 1


def test_a_queued_reply_can_be_taken_back(api: Api, number: int) -> None:
    sent = api.post(f"/cases/{number}/reply", {"text": "Too early.", "undo_seconds": 600}, 202)
    outbound = sent["delivery"]["id"]
    assert api.post(f"/outbound/{outbound}/cancel")["state"] == "cancelled"
    assert api.post(f"/outbound/{outbound}/cancel")["state"] == "cancelled"
    assert api.get(f"/cases/{number}")["status"] == "new"


def test_what_has_left_cannot_be_taken_back(api: Api, number: int, inside: Company) -> None:
    sent = api.post(f"/cases/{number}/reply", {"text": "Gone."}, 202)
    OutboundEmail.objects.filter(pk=sent["delivery"]["id"]).update(state="sent")
    assert api.post(f"/outbound/{sent['delivery']['id']}/cancel", expect=409)["type"].endswith("#wrong-state")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "text"),
        ({"text": "Hi", "from": "ceo@elsewhere.example"}, "from"),
        ({"text": "Hi", "to": ["nobody"]}, "to.0"),
        ({"text": "Hi", "cc": ["a@b.example\r\nBcc: c@d.example"]}, "cc.0"),
        ({"text": "Hi", "files": [{"name": "a", "content": "%%%"}]}, "files.0.content"),
        (
            {"text": "Hi", "files": [{"name": "a", "content": "", "content_type": "a/b\r\nX: y"}]},
            "files.0.content_type",
        ),
        ({"text": "Hi", "request_key": "x"}, "request_key"),
    ],
)
def test_a_reply_that_cannot_be_meant_sends_nothing(
    api: Api, number: int, inside: Company, body: dict[str, object], field: str
) -> None:
    problem = api.post(f"/cases/{number}/reply", body, 422)
    assert [error["field"] for error in problem["errors"]] == [field]
    assert not OutboundEmail.objects.filter(kind="reply").exists()


def test_a_reply_to_nobody_says_why(api: Api) -> None:
    number = api.post("/cases", {"subject": "By hand"}, 201)["number"]
    assert api.post(f"/cases/{number}/reply", {"text": "Hello?"}, 422)["type"].endswith("#cannot-send")
