"""Cases through the pages: lists, properties, notes, replies, conflicts, trash, and what strangers write."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from caseway.accounts.models import Heartbeat
from caseway.accounts.scope import organisation_scope
from caseway.cases.models import Case, Message
from caseway.intake.process import process_pending
from caseway.intake.receive import receive_piped
from caseway.mail.parse import parse
from caseway.mailboxes.models import SupportAddress
from caseway.outbound.models import OutboundEmail
from tests.mails import mail
from tests.web.conftest import Scene
from tests.web.sample import PIXEL

Fresh = Callable[[], Case]
HTMX = {"HX-Request": "true"}


def at(name: str, scene: Scene) -> str:
    return reverse(name, args=[scene.case.number])


def receive(scene: Scene, raw: bytes) -> Message:
    organisation = scene.company.organisation
    with organisation_scope(organisation.pk):
        receive_piped(organisation, raw, "support@fieldnote.example")
    process_pending()
    with organisation_scope(organisation.pk):
        return Message.objects.select_related("case").filter(direction="in").latest("pk")


def test_a_case_from_mail_is_in_the_list_of_its_assignee_only(scene: Scene, maya: Client, dana: Client) -> None:
    assert b"Tent pole snapped" in maya.get("/cases").content
    assert b"Tent pole snapped" not in dana.get("/cases").content
    assert b"Tent pole snapped" in dana.get("/cases/all-open").content


def test_a_long_list_is_paged_by_key(scene: Scene, maya: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    import re

    monkeypatch.setattr("caseway.cases.lists.page.__defaults__", ("", 2))
    for number in range(4):
        maya.post("/cases/new", {"subject": f"By hand {number}", "priority": "normal"})
    seen: list[bytes] = []
    path = "/cases/all-open"
    while path:
        content = maya.get(path).content
        seen += re.findall(rb'id="row-(\d+)"', content)
        more = re.search(rb'class="loadmore".*?href="([^"]+)"', content, re.DOTALL)
        path = more.group(1).decode().replace("&amp;", "&") if more else ""
    assert len(seen) == len(set(seen)) == 5


def test_search_finds_by_number_and_says_where_else_to_look(scene: Scene, maya: Client, dana: Client) -> None:
    assert b"Tent pole" in maya.get("/cases?q=CW-1").content
    answer = dana.get("/cases?q=nothing+here").content.decode()
    assert "No case matches “nothing here”" in answer
    assert "Search All Open" in answer


@pytest.mark.parametrize(
    ("name", "value", "field", "after"),
    [
        ("case-status", "waiting", "status", "waiting"),
        ("case-priority", "urgent", "priority", "urgent"),
        ("case-type", "Warranty", "type", "Warranty"),
        ("case-tags", "a, b , a", "tags", ["a", "b"]),
        ("case-assignment", "", "assigned_employee", None),
    ],
)
def test_a_property_changes(
    name: str, value: str, field: str, after: object, scene: Scene, maya: Client, fresh_case: Fresh
) -> None:
    answer = maya.post(at(name, scene), {"value": value, "version": fresh_case().version}, headers=HTMX)
    assert answer.status_code == 200
    assert b'id="overview"' in answer.content
    assert getattr(fresh_case(), field) == after


def test_a_stale_change_is_refused_and_said(scene: Scene, maya: Client, fresh_case: Fresh) -> None:
    stale = fresh_case().version
    maya.post(at("case-priority", scene), {"value": "high"})
    answer = maya.post(at("case-status", scene), {"value": "waiting", "version": stale}, headers=HTMX)
    assert answer.status_code == 409
    assert b"was changed by somebody else" in answer.content
    assert fresh_case().status == "new"


@pytest.mark.parametrize("value", ["999999", "abc", "team-7", "9" * 30])
def test_nobody_of_another_organisation_is_assigned(
    value: str, scene: Scene, other: Scene, maya: Client, fresh_case: Fresh
) -> None:
    for choice in (value, str(other.company.maya.pk)):
        assert maya.post(at("case-assignment", scene), {"value": choice}, headers=HTMX).status_code == 422
    assert fresh_case().assigned_employee_id == scene.company.maya.pk


def test_a_light_agent_notes(scene: Scene, lior: Client) -> None:
    answer = lior.post(at("case-notes", scene), {"text": "Seen <b>this</b> before"}, follow=True)
    assert b"Seen &lt;b&gt;this&lt;/b&gt; before" in answer.content
    assert b"Send and set Waiting" not in answer.content


def reply_with(scene: Scene, client: Client, **values: object):
    with organisation_scope(scene.company.organisation.pk):
        version = Case.objects.get(pk=scene.case.pk).version
    data = {"to": "parker@brightwater.example", "text": "Hello", "after": "waiting", "version": version, **values}
    return client.post(at("case-replies", scene), data)


def queued(scene: Scene) -> list[OutboundEmail]:
    with organisation_scope(scene.company.organisation.pk):
        return list(OutboundEmail.objects.filter(kind="reply").select_related("raw", "message").order_by("pk"))


def test_a_reply_is_queued_with_files_and_recipients(scene: Scene, maya: Client, fresh_case: Fresh) -> None:
    file = SimpleUploadedFile("photo.png", PIXEL, "image/png")
    people = {"cc": "Dana <dana@else.example>", "bcc": "hidden@else.example"}
    answer = reply_with(scene, maya, files=file, anyway="waiting", **people)
    assert answer.status_code == 302
    (row,) = queued(scene)
    email = parse(row.raw.content())
    assert set(row.recipients) == {"parker@brightwater.example", "dana@else.example", "hidden@else.example"}
    assert "hidden" not in row.raw.content().decode()
    assert [part.name for part in email.attachments] == ["photo.png"]
    assert email.in_reply_to == (scene.message.message_identifier,)
    assert fresh_case().status == "waiting"


def test_the_same_press_sends_once(scene: Scene, maya: Client) -> None:
    for _ in range(2):
        reply_with(scene, maya, request_key="one-press", version="")
    assert len(queued(scene)) == 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"text": "  "}, b"The reply is empty"),
        ({"to": ""}, b"has no recipient"),
        ({"to": "support@fieldnote.example"}, b"to ourselves only"),
        ({"to": "nonsense"}, b"is not an email address"),
    ],
)
def test_a_reply_that_cannot_be_sent_loses_nothing(
    values: dict[str, str], said: bytes, scene: Scene, maya: Client
) -> None:
    answer = reply_with(scene, maya, **{"text": "My <precious> words", "cc": "keep@else.example", **values})
    assert answer.status_code == 422
    assert said in answer.content.replace(b"&quot;", b'"')
    assert b"keep@else.example" in answer.content
    assert values.get("text") or b"My &lt;precious&gt; words" in answer.content
    assert not queued(scene)


def test_from_is_only_what_is_offered(scene: Scene, other: Scene, maya: Client) -> None:
    answer = reply_with(scene, maya, from_address=other.company.support.pk)
    assert answer.status_code == 422
    assert not queued(scene)


def test_add_to_cc_joins_unless_it_is_taken_out_of_the_message(scene: Scene, maya: Client) -> None:
    with organisation_scope(scene.company.organisation.pk):
        organisation, mailbox = scene.company.organisation, scene.company.mailbox
        SupportAddress.objects.filter(pk=scene.company.support.pk).update(add_to_cc=True)
        sales = SupportAddress.objects.create(
            organisation=organisation, mailbox=mailbox, address="sales@fieldnote.example", from_email_id=True
        )
    pk = scene.company.support.pk
    assert f'name="kept_cc" value="{pk}"' in maya.get(at("case", scene)).content.decode()
    reply_with(scene, maya, from_address=sales.pk, offered_cc=pk, kept_cc=pk)
    reply_with(scene, maya, from_address=sales.pk, offered_cc=pk)
    first, second = queued(scene)
    assert "support@fieldnote.example" in first.recipients
    assert "support@fieldnote.example" not in second.recipients


def test_somebody_answered_first(scene: Scene, maya: Client, dana: Client, fresh_case: Fresh) -> None:
    version = fresh_case().version
    reply_with(scene, dana, text="From Dana")
    answer = reply_with(scene, maya, text="From Maya", version=version)
    assert answer.status_code == 409
    assert b"This case changed while you were writing." in answer.content
    assert b">From Maya</textarea>" in answer.content
    assert len(queued(scene)) == 1


def test_an_undone_reply_comes_back_to_the_composer(scene: Scene, maya: Client) -> None:
    reply_with(scene, maya, text="Take me back")
    (row,) = queued(scene)
    answer = maya.post(reverse("reply-undo", args=[row.pk]), follow=True)
    assert b">Take me back</textarea>" in answer.content
    again = maya.post(reverse("reply-undo", args=[row.pk]), follow=True)
    assert b"cannot be taken back" in again.content


def test_the_trash_and_back(scene: Scene, maya: Client) -> None:
    assert maya.post(at("case-deletion", scene)).status_code == 302
    assert b"Tent pole" not in maya.get("/cases/all-open").content
    assert b"Tent pole" in maya.get("/cases/trash").content
    assert b"This case is in the trash" in maya.get(at("case", scene)).content
    assert maya.post(at("case-status", scene), {"value": "open"}).status_code == 404
    maya.post(at("case-restore", scene))
    assert b"Tent pole" in maya.get("/cases/all-open").content


def test_several_cases_at_once(scene: Scene, maya: Client, fresh_case: Fresh) -> None:
    maya.post("/cases/new", {"subject": "By hand", "priority": "normal"})
    answer = maya.post(
        reverse("case-bulk"), {"case": ["1", "2", "x"], "do": "close", "back": "/cases/my-cases"}, follow=True
    )
    assert b"2 cases changed." in answer.content
    assert fresh_case().is_closed


def test_a_case_by_hand_finds_the_contact(scene: Scene, maya: Client) -> None:
    data = {"subject": "Called", "email": "PARKER@brightwater.example", "priority": "high", "tags": "phone, vip"}
    assert maya.post("/cases/new", data).status_code == 302
    with organisation_scope(scene.company.organisation.pk):
        case = Case.objects.latest("pk")
    assert (case.contact_id, case.tags, case.source) == (scene.case.contact_id, ["phone", "vip"], "manual")


HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>{{7*7}}'


def test_the_preview_begins_with_what_was_written_last(scene: Scene, maya: Client) -> None:
    message = receive(scene, mail(subject="Blankets", text="Twelve blankets, please."))
    case, by = message.case, scene.company.maya
    with organisation_scope(scene.company.organisation.pk):
        for tag in ("one", "two", "three"):
            case.set_tags([tag], by=None)
            case.set_priority("high" if tag != "two" else "low", by=by)
            case.refresh_from_db()
    preview = reverse("case-preview", args=[case.number])
    assert b"Twelve blankets, please." in maya.get(preview).content
    with organisation_scope(scene.company.organisation.pk):
        for number in range(3):
            case.note(f"Note {number}", by=by)
    content = maya.get(preview).content
    assert b"Twelve blankets" not in content
    assert b"Note 0" not in content and b"Note 1" in content and b"Note 2" in content
    assert b"There are earlier entries." in content


def test_hostile_names_and_subjects_are_text_everywhere(scene: Scene, maya: Client) -> None:
    from email.header import Header

    name, subject = Header(HOSTILE, "utf-8").encode(), Header(HOSTILE, "utf-8").encode()
    message = receive(scene, mail(sender=f"{name} <evil@evil.example>", subject=subject, text=HOSTILE))
    number, contact = message.case.number, message.case.contact_id
    with organisation_scope(scene.company.organisation.pk):
        SupportAddress.objects.filter(pk=scene.company.support.pk).update(display_name=HOSTILE)
        message.case.set_tags([HOSTILE[:50]], by=scene.company.maya)
    paths = [
        "/cases/all-open",
        f"/cases/{number}",
        f"/cases/{number}/preview",
        f"/contacts/{contact}",
        "/contacts",
        f"/cases/rows?view=all-open&n={number}",
        "/settings/mail-log",
        "/settings/outgoing-email",
        f"/cases?q={HOSTILE}",
        f"/contacts/{contact}/edit",
        f"/settings/email-to-case/{scene.company.support.pk}",
    ]
    for path in paths:
        content = maya.get(path).content.decode()
        assert "<script>alert" not in content, path
        assert "<img src=x" not in content, path


def test_a_body_is_served_in_a_frame_that_can_do_nothing(scene: Scene, maya: Client) -> None:
    answer = maya.get(reverse("message-body", args=[scene.message.pk]))
    policy = answer["Content-Security-Policy"]
    assert "sandbox allow-same-origin allow-popups" in policy
    assert "allow-scripts" not in policy
    assert "img-src 'self' data:;" in policy
    assert b"brightwater.example/logo.png" not in answer.content
    assert "https:" in maya.get(reverse("message-body", args=[scene.message.pk]) + "?images")["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("body", "name", "shown"),
    [
        (PIXEL, "fine.png", 200),
        (b"<html><script>alert(1)</script>", "fake.png", 404),
        (b"<svg onload=alert(1)>", "x.svg", 404),
    ],
)
def test_a_file_is_downloaded_and_only_a_true_picture_shown(
    body: bytes, name: str, shown: int, scene: Scene, maya: Client
) -> None:
    from email.message import EmailMessage

    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@b.example", "support@fieldnote.example", "File"
    message["Message-ID"] = f"<{name}@b.example>"
    message.set_content("See the file.")
    kind = "svg+xml" if name.endswith("svg") else "png"
    message.add_attachment(body, maintype="image", subtype=kind, filename=f"../../{name}")
    received = receive(scene, message.as_bytes())
    with organisation_scope(scene.company.organisation.pk):
        pk = received.attachments.get().pk
    answer = maya.get(reverse("attachment", args=[pk]))
    assert answer.content == body
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert "/" not in answer["Content-Disposition"].partition("filename")[2]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert maya.get(reverse("attachment-preview", args=[pk])).status_code == shown


def test_the_original_is_text_or_a_download(scene: Scene, maya: Client) -> None:
    path = reverse("message-source", args=[scene.message.pk])
    assert maya.get(path)["Content-Type"].startswith("text/plain")
    assert maya.get(path + "?download").content == scene_raw(scene)


def scene_raw(scene: Scene) -> bytes:
    with organisation_scope(scene.company.organisation.pk):
        raw = Message.objects.get(pk=scene.message.pk).raw
        assert raw is not None
        return raw.content()


def test_why_here_is_told(scene: Scene, maya: Client) -> None:
    content = maya.get(at("case", scene)).content.decode()
    assert "Why here?" in content
    assert "Created by <b>Email to Case</b>, assigned to <b>Maya Lindqvist</b>" in content


def test_a_list_needs_few_queries(scene: Scene, maya: Client, django_assert_max_num_queries: Callable) -> None:
    for number in range(5):
        receive(scene, mail(sender=f"P{number} <p{number}@x.example>", subject=f"Case {number}"))
    Heartbeat.beat("worker", "one")
    maya.get("/cases")
    with django_assert_max_num_queries(13):
        maya.get("/cases")


def test_a_case_needs_few_queries(scene: Scene, maya: Client, django_assert_max_num_queries: Callable) -> None:
    Heartbeat.beat("worker", "one")  # where none is heard, the page itself looks whether mail stands still
    for number in range(5):
        maya.post(at("case-notes", scene), {"text": f"Note {number}"})
    with django_assert_max_num_queries(40):
        maya.get(at("case", scene))


def test_a_page_that_is_open_learns_where_its_case_went_and_takes_nobodys_toasts(scene: Scene, maya: Client) -> None:
    maya.post("/cases/new", {"subject": "The other one", "priority": "normal"})
    with organisation_scope(scene.company.organisation.pk):
        other = Case.objects.get(subject="The other one")
    maya.post(at("case-merge", scene), {"value": other.number})
    answer = maya.get(at("case-live", scene), headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, f"/cases/{other.number}?list=my-cases")
    assert b"data-undo" in maya.get(answer.headers["HX-Redirect"]).content


def test_without_scripts_a_case_is_read_when_a_browser_draws_it(scene: Scene, maya: Client) -> None:
    def is_seen() -> bool:
        with organisation_scope(scene.company.organisation.pk):
            return scene.case.seen.filter(employee=scene.company.maya).exists()

    path = at("case-seen-picture", scene)
    assert f'<noscript><img class="sr" src="{path}"' in maya.get(at("case", scene)).content.decode()
    assert not is_seen(), "asking for the page is not reading it"
    maya.get(path, headers={"Sec-Fetch-Dest": "document"})
    assert not is_seen()
    answer = maya.get(path, headers={"Sec-Fetch-Dest": "image"})
    assert answer.headers["Content-Type"] == "image/gif"
    assert is_seen()


def test_whom_a_note_calls_is_marked_there(scene: Scene, maya: Client) -> None:
    with organisation_scope(scene.company.organisation.pk):
        text = "@Dana <b>, see https://x.example/@Dana and (@Dana), @Danaë, @Maya"
        scene.company.dana.name = "Dana"
        scene.company.dana.save()
        scene.case.note(text, by=scene.company.maya, mentions=[scene.company.dana])
    page = maya.get(at("case", scene)).content.decode()
    marked = '<b class="mention">@Dana</b>'
    assert f"{marked} &lt;b&gt;, see <a" in page
    assert f"({marked}), @Danaë, @Maya" in page
    assert page.count(marked) == 2
