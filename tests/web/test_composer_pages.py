"""The composer through its addresses: drafts, files, forwards, warnings, canned replies, signatures, presence."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from caseway.accounts.scope import organisation_scope
from caseway.cases.models import Case, DraftFile, Follower, Mention, WrittenDraft
from caseway.mail.parse import parse
from caseway.outbound.models import CannedReply, OutboundEmail, Signature
from caseway.web.composer import composer_context
from tests.web.conftest import Scene
from tests.web.sample import PIXEL

Fresh = Callable[[], Case]
BY_SCRIPT = {"X-Requested-With": "caseway"}


def at(name: str, scene: Scene) -> str:
    return reverse(name, args=[scene.case.number])


def keep(client: Client, scene: Scene, **values: object) -> dict[str, Any]:
    fields = {"kind": "reply", "case": scene.case.number, "to": "parker@brightwater.example", **values}
    answer = client.post(reverse("drafts"), fields)
    return {"status": answer.status_code, **json.loads(answer.content)}


def send(client: Client, scene: Scene, **values: object):
    with organisation_scope(scene.company.organisation.pk):
        version = Case.objects.get(pk=scene.case.pk).version
    fields = {"to": "parker@brightwater.example", "text": "Hello", "after": "waiting", "version": version, **values}
    return client.post(at("case-replies", scene), fields, headers=BY_SCRIPT)


def sent(scene: Scene) -> list[OutboundEmail]:
    with organisation_scope(scene.company.organisation.pk):
        return list(OutboundEmail.objects.filter(kind="reply").select_related("raw", "message").order_by("pk"))


def test_the_composer_asks_four_questions(scene: Scene, maya: Client, rf: Any) -> None:
    keep(maya, scene, text="A draft", html="<p>A <b>draft</b></p>")
    request = rf.get("/")
    request.user = scene.company.maya
    with organisation_scope(scene.company.organisation.pk):
        case = Case.objects.select_related("contact", "organisation").get(pk=scene.case.pk)
        with CaptureQueriesContext(connection) as queries:
            context = composer_context(request, case, None)
    assert len(queries) <= 4, [query["sql"] for query in queries]
    assert context["writers"][0].text == "A draft"


def test_a_draft_is_in_the_page_again_and_an_older_tab_is_told(scene: Scene, maya: Client) -> None:
    first = keep(maya, scene, text="Half", html="<p>Half <b>bold</b></p>", cc="kim@else.example")
    assert first["version"] == 1
    content = maya.get(at("case", scene)).content.decode()
    assert "<template data-html><p>Half <b>bold</b></p></template>" in content
    assert 'value="kim@else.example"' in content
    assert keep(maya, scene, text="Newer", draft_version=1)["version"] == 2
    stale = keep(maya, scene, text="Older tab", draft_version=1)
    assert (stale["status"], stale["text"], stale["version"]) == (409, "Newer", 2)


def test_colleagues_see_a_draft_and_may_read_it(scene: Scene, maya: Client, dana: Client, lior: Client) -> None:
    kept = keep(maya, scene, text="Half a thought", html="<p>Half <i>a</i> thought</p>")
    page = dana.get(at("case", scene)).content.decode()
    assert "<b>Maya</b> has a draft" in page
    address = reverse("draft", args=[kept["draft"]])
    assert b"Half <i>a</i> thought" in dana.get(address).content
    assert lior.get(address).status_code == 200
    assert dana.post(reverse("draft-discard", args=[kept["draft"]])).status_code == 404


def test_files_go_up_and_leave_with_the_reply(scene: Scene, maya: Client, dana: Client) -> None:
    kept = keep(maya, scene, text="", wanted="1")
    picture = SimpleUploadedFile("pole.png", PIXEL, "image/png")
    inline = json.loads(maya.post(kept["files"], {"file": picture, "inline": "1"}).content)
    file = SimpleUploadedFile("label.pdf", b"%PDF-1.4", "application/pdf")
    json.loads(maya.post(kept["files"], {"file": file}).content)
    shown = dana.get(inline["url"])
    assert (shown["Content-Type"], shown["X-Content-Type-Options"]) == ("image/png", "nosniff")
    assert dana.post(kept["files"], {"file": file}).status_code == 404
    html = f'<p>See <img src="{inline["url"]}"></p>'
    answer = send(maya, scene, html=html, draft=kept["draft"])
    assert answer.status_code == 200, answer.content
    (row,) = sent(scene)
    email = parse(row.raw.content())
    assert {(part.name, part.is_inline) for part in email.attachments} == {("pole.png", True), ("label.pdf", False)}
    with organisation_scope(scene.company.organisation.pk):
        assert not WrittenDraft.objects.filter(kind="reply").exists()
        assert not DraftFile.objects.filter(name="label.pdf").exists()


def test_a_text_that_is_no_picture_does_not_stand_inside(scene: Scene, maya: Client) -> None:
    kept = keep(maya, scene, text="x")
    fake = SimpleUploadedFile("x.png", b"<svg onload=alert(1)>", "image/png")
    answer = maya.post(kept["files"], {"file": fake, "inline": "1"})
    assert answer.status_code == 422 and b"Only pictures" in answer.content


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"text": "See the attached label."}, "no file is attached"),
        ({"to": "new@else.example"}, "has not been part of this conversation"),
    ],
)
def test_a_warning_comes_first_and_one_click_overrules_it(
    values: dict[str, str], said: str, scene: Scene, maya: Client
) -> None:
    answer = send(maya, scene, after="close", **values)
    assert answer.status_code == 422 and said in answer.content.decode()
    assert 'name="anyway" value="close"' in answer.content.decode()
    assert not sent(scene)
    again = send(maya, scene, after="", anyway="close", **values)
    assert "go" in json.loads(again.content)
    assert len(sent(scene)) == 1


def test_a_colleagues_answer_stands_in_the_conflict_box(
    scene: Scene, maya: Client, dana: Client, fresh_case: Fresh
) -> None:
    version = fresh_case().version
    seen = scene.message.pk
    assert "go" in json.loads(send(dana, scene, text="From Dana").content)
    answer = send(maya, scene, text="From Maya", version=version, seen=seen)
    content = answer.content.decode()
    assert answer.status_code == 409
    assert "Dana Whitfield replied while you were writing" in content and "From Dana" in content
    assert f'data-version="{fresh_case().version}"' in content
    again = send(maya, scene, text="From Maya", version=fresh_case().version)
    assert "go" in json.loads(again.content)


def test_a_forward_begins_with_the_mails_files(scene: Scene, maya: Client) -> None:
    answer = maya.post(at("case-forwards", scene), {"message": scene.message.pk}, follow=True)
    content = answer.content.decode()
    assert "pole-joint.png" in content and 'value="Fwd: Tent pole snapped"' in content
    with organisation_scope(scene.company.organisation.pk):
        draft = WrittenDraft.objects.get(kind="forward")
    fields = {"kind": "forward", "draft": draft.pk, "to": "maker@poles.example", "text": "Yours?", "after": "keep"}
    answer = send(maya, scene, subject="Fwd: Tent pole snapped", **fields)
    assert "go" in json.loads(answer.content)
    (row,) = sent(scene)
    assert row.recipients == ["maker@poles.example"]
    assert [part.content for part in parse(row.raw.content()).attachments] == [PIXEL]


def test_a_first_mail_opens_its_case(scene: Scene, maya: Client) -> None:
    data = {"to": "Ines <ines@else.example>", "subject": "Your order", "text": "A question.", "after": "waiting"}
    answer = maya.post(reverse("new-mail"), data, follow=True)
    assert "Your order" in answer.content.decode() and "Reply sends in 10 s" in answer.content.decode()
    with organisation_scope(scene.company.organisation.pk):
        case = Case.objects.latest("pk")
        assert (case.subject, case.email, case.status) == ("Your order", "ines@else.example", "waiting")
    refused = maya.post(reverse("new-mail"), data | {"subject": ""})
    assert refused.status_code == 422 and b"The subject is empty" in refused.content
    assert b"A question." in refused.content


def test_a_mention_in_a_note_calls(scene: Scene, lior: Client) -> None:
    lior.post(at("case-notes", scene), {"text": "@Dana Whitfield, have you seen this?"})
    with organisation_scope(scene.company.organisation.pk):
        assert Mention.objects.get().employee == scene.company.dana
        assert Follower.objects.get().employee == scene.company.dana


def test_canned_replies_are_filled_in_for_the_case_and_counted(scene: Scene, maya: Client, dana: Client) -> None:
    data = {"title": "Courier", "shortcut": "/courier", "html": "<p>Hi {{ contact.first_name }} <b>today</b></p>"}
    assert maya.post(reverse("canned-reply-add"), data | {"is_active": "on"}).status_code == 302
    with organisation_scope(scene.company.organisation.pk):
        row = CannedReply.objects.get(title="Courier")
    assert (row.shortcut, row.is_html) == ("courier", True)
    found = dana.get(reverse("pick-canned"), {"q": "courier", "case": scene.case.number}).content.decode()
    assert "<p>Hi Parker <b>today</b></p>" in found and "/courier" in found
    used = dana.post(reverse("pick-canned-use", args=[row.pk]), {"case": scene.case.number})
    assert json.loads(used.content)["html"] == "<p>Hi Parker <b>today</b></p>"
    with organisation_scope(scene.company.organisation.pk):
        row.refresh_from_db()
        assert row.used == 1
    first = dana.get(reverse("pick-canned")).content.decode()
    assert first.index("Courier") < first.index("Hello")  # the most used first


def test_a_canned_reply_that_cannot_work_is_not_saved(scene: Scene, maya: Client) -> None:
    answer = maya.post(reverse("canned-reply-add"), {"title": "x", "html": "<p>{{ contact.shoe_size }}</p>"})
    assert answer.status_code == 422 and b"shoe_size" in answer.content
    answer = maya.post(reverse("canned-reply-add"), {"title": "x", "text": "  "})
    assert answer.status_code == 422 and b"Write the text" in answer.content


def test_signatures_are_set_for_all_for_an_address_and_for_oneself(scene: Scene, maya: Client, dana: Client) -> None:
    pk = scene.company.support.pk
    assert maya.post(reverse("signatures"), {"address": "", "html": "<p>All</p>"}).status_code == 302
    assert dana.post(reverse("own-signatures"), {"address": pk, "text": "Dana\nof Fieldnote"}).status_code == 302
    assert b"composer__signature" in dana.get(at("case", scene)).content
    assert b"Dana<br>of Fieldnote" in dana.get(at("case", scene)).content
    assert b">All</p>" in maya.get(at("case", scene)).content.replace(b"<p>All", b">All")
    refused = maya.post(reverse("signatures"), {"address": "", "html": "{{ nobody.name }}"})
    assert refused.status_code == 422 and b"nobody" in refused.content
    dana.post(reverse("own-signatures"), {"address": pk, "text": ""})
    with organisation_scope(scene.company.organisation.pk):
        assert [row.html for row in Signature.objects.all()] == ["<p>All</p>"]


def test_who_is_there_is_said(scene: Scene, maya: Client, dana: Client) -> None:
    dana.post(at("case-presence", scene), {"tab": "a", "typed": "2"})
    said = maya.post(at("case-presence", scene), {"tab": "b"}).content.decode()
    assert "Dana Whitfield is replying" in said and "<b>Dana</b> is replying" in said
    listed = json.loads(maya.get(reverse("cases-presence"), {"numbers": f"{scene.case.number},999"}).content)
    assert "Dana" in listed[str(scene.case.number)]
    dana.post(at("case-presence", scene), {"tab": "a", "left": "1"})
    assert "Dana" not in maya.get(at("case-presence", scene)).content.decode()


def test_contacts_are_found_by_name_and_address(scene: Scene, maya: Client) -> None:
    found = json.loads(maya.get(reverse("pick-contacts"), {"q": "ehl"}).content)["found"]
    assert found == [
        {
            "name": "Parker Ehlers",
            "email": "parker@brightwater.example",
            "value": "Parker Ehlers <parker@brightwater.example>",
        }
    ]
