"""Files of strangers: looked at where it is safe, downloaded otherwise, and all of them in one archive."""

from __future__ import annotations

import io
import zipfile
from email.message import EmailMessage

import pytest
from django.http import StreamingHttpResponse
from django.test import Client
from django.urls import reverse

from caseway.accounts.scope import organisation_scope
from caseway.cases.models import Attachment
from caseway.intake.process import process_pending
from caseway.intake.receive import receive_piped
from caseway.web.files import how_to_view
from tests.mails import mail
from tests.web.conftest import Scene
from tests.web.sample import PIXEL

FILES = (
    ("pole.png", "image/png", PIXEL),
    ("evil.png", "image/png", b"<script>alert(1)</script>"),
    ("logo.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
    ("page.html", "text/html", b"<script>alert(1)</script>"),
    ("label.pdf", "application/pdf", b"%PDF-1.4\n%%EOF\n"),
    ("fake.pdf", "application/pdf", b"<html><script>alert(1)</script></html>"),
    ("list.csv", "text/csv", "order;n\xfc\n".encode("latin-1")),
    ("twin.txt", "text/plain", b"one"),
    ("twin.txt", "text/plain", b"two"),
    ("tool.exe", "application/octet-stream", b"MZ"),
)


def letter() -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = "Parker Ehlers <parker@brightwater.example>", "support@fieldnote.example"
    message["Subject"], message["Message-ID"] = "Files", "<files@brightwater.example>"
    message.set_content("See the files.")
    for name, kind, content in FILES:
        main, _, sub = kind.partition("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "Kim <kim@x.example>", "Inside <b>it</b>"
    inner.set_content("Plain inside.")
    inner.add_alternative("<p>Rich inside</p><img src='https://x.example/t.gif'><script>1</script>", subtype="html")
    message.add_attachment(inner)
    return message.as_bytes()


@pytest.fixture
def files(scene: Scene) -> dict[str, Attachment]:
    organisation = scene.company.organisation
    with organisation_scope(organisation.pk):
        receive_piped(organisation, letter(), "support@fieldnote.example")
    process_pending()
    with organisation_scope(organisation.pk):
        rows = Attachment.objects.filter(message__subject="Files").select_related("message", "message__case")
        return {row.name: row for row in rows.order_by("-part")}


@pytest.mark.parametrize(
    ("name", "kind"),
    [("pole.png", "image/png"), ("label.pdf", "application/pdf"), ("list.csv", "text/plain; charset=utf-8")],
)
def test_what_is_harmless_is_shown_by_what_its_bytes_are(
    files: dict[str, Attachment], maya: Client, name: str, kind: str
) -> None:
    response = maya.get(reverse("attachment-view", args=[files[name].pk]))
    assert response.status_code == 200
    assert response.headers["Content-Type"] == kind
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "attachment" not in response.headers.get("Content-Disposition", "")


@pytest.mark.parametrize("name", ["evil.png", "logo.svg", "page.html", "fake.pdf", "tool.exe"])
def test_everything_else_is_a_download(files: dict[str, Attachment], maya: Client, name: str) -> None:
    response = maya.get(reverse("attachment-view", args=[files[name].pk]), follow=True)
    assert response.redirect_chain == [(reverse("attachment", args=[files[name].pk]), 302)]
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["Content-Type"] == "application/octet-stream"


def test_a_text_in_an_old_charset_is_readable(files: dict[str, Attachment], maya: Client) -> None:
    assert "nü" in maya.get(reverse("attachment-view", args=[files["list.csv"].pk])).content.decode()


def test_a_mail_in_a_mail_is_a_page_and_does_nothing(files: dict[str, Attachment], maya: Client) -> None:
    [inner] = [row for row in files.values() if row.content_type == "message/rfc822"]
    page = maya.get(reverse("attachment-view", args=[inner.pk])).content.decode()
    assert "Inside &lt;b&gt;it&lt;/b&gt;" in page and "kim@x.example" in page
    assert reverse("attachment-mail-body", args=[inner.pk]) in page and "sandbox=" in page
    body = maya.get(reverse("attachment-mail-body", args=[inner.pk]))
    assert "Rich inside" in body.content.decode()
    assert "<script" not in body.content.decode() and "https://x.example" not in body.content.decode()
    assert "script-src 'none'" in body.headers["Content-Security-Policy"]


def archive(response: object) -> zipfile.ZipFile:
    assert isinstance(response, StreamingHttpResponse)
    with pytest.warns(Warning, match="asynchronous iterators"):  # the test client is synchronous, the server is not
        return zipfile.ZipFile(io.BytesIO(b"".join(response)))  # type: ignore[arg-type]


def test_all_files_of_a_message_come_as_one_archive(files: dict[str, Attachment], maya: Client) -> None:
    found = archive(maya.get(reverse("message-files", args=[files["pole.png"].message_id])))
    assert found.testzip() is None
    assert {"pole.png", "twin.txt", "twin (2).txt", "list.csv"} <= set(found.namelist())
    assert {found.read("twin.txt"), found.read("twin (2).txt")} == {b"one", b"two"}
    assert found.read("pole.png") == PIXEL


def test_all_files_of_a_case_come_as_one_archive(files: dict[str, Attachment], scene: Scene, maya: Client) -> None:
    number = files["pole.png"].message.case.number
    response = maya.get(reverse("case-files", args=[number]))
    assert f"CW-{number}-files.zip" in response.headers["Content-Disposition"]
    assert len(archive(response).namelist()) == len(FILES) + 1


def test_without_files_there_is_no_archive(scene: Scene, maya: Client) -> None:
    with organisation_scope(scene.company.organisation.pk):
        receive_piped(scene.company.organisation, mail(subject="Plain", message_id="<p@x.example>"), "")
    process_pending()
    with organisation_scope(scene.company.organisation.pk):
        number = scene.case.__class__.objects.get(subject="Plain").number
    assert maya.get(reverse("case-files", args=[number])).status_code == 404


@pytest.mark.parametrize(
    ("name", "kind", "size", "view"),
    [
        ("a.JPG", "image/jpeg", 10, "image"),
        ("a.jpg", "image/jpeg", 9_000_000, ""),
        ("a.svg", "application/octet-stream", 10, ""),
        ("a.pdf", "application/octet-stream", 10, "pdf"),
        ("a.eml", "application/octet-stream", 10, "mail"),
        ("a.log", "application/octet-stream", 10, "text"),
        ("a.htm", "text/plain", 10, ""),
        ("a", "text/html", 10, ""),
        ("a.txt", "text/plain", 90_000_000, ""),
        ("a.docx", "application/vnd.openxmlformats", 10, ""),
    ],
)
def test_how_a_file_is_looked_at(name: str, kind: str, size: int, view: str) -> None:
    assert how_to_view(name, kind, size) == view
