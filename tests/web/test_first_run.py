"""The demo's first page: sign-in shown, a real mail sent by SMTP, its steps watched."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.test import Client

from caseway.accounts.scope import organisation_scope
from caseway.intake.process import process_pending
from caseway.intake.receive import receive_piped
from caseway.outbound.models import OutboundEmail
from tests.servers.smtp import SmtpServer
from tests.web.conftest import Scene
from tests.web.sample import PASSWORD


@pytest.fixture
def demo(settings, tmp_path: Path, smtp_server: SmtpServer) -> None:
    settings.CASEWAY_DEMO = True
    settings.DATA = tmp_path
    values = {
        "email": "maya@fieldnote.example",
        "password": "amber-otter-4471",
        "support_address": "support@fieldnote.example",
        "smtp": {"host": "127.0.0.1", "port": smtp_server.port},
        "imap": {"host": "127.0.0.1", "port": 993},
        "customer": {"address": "parker@brightwater.example"},
    }
    (tmp_path / "demo.json").write_text(json.dumps(values))


def test_a_test_mail_goes_its_way_before_ones_eyes(scene: Scene, demo: None, smtp_server: SmtpServer) -> None:
    client = Client()
    content = client.get("/welcome").content.decode()
    assert "amber-otter-4471" in content
    answer = client.post("/welcome/test-mail", {"name": "Parker Ehlers", "subject": "Pole", "text": "Help"})
    assert answer.status_code == 302
    sent = re.search(r"sent=([^#]+)#steps", answer["Location"])
    assert sent
    (mail,) = smtp_server.wait_for(1)
    assert "Received over IMAP" in client.get(f"/welcome/steps?sent={sent.group(1)}").content.decode()
    organisation = scene.company.organisation
    with organisation_scope(organisation.pk):
        receive_piped(organisation, mail.raw, "support@fieldnote.example")
    process_pending()
    with organisation_scope(organisation.pk):
        OutboundEmail.objects.update(state="sent")
    done = client.get(f"/welcome/steps?sent={sent.group(1)}").content.decode()
    assert done.count("diag__step--ok") == 4
    assert "assigned to Maya Lindqvist" in done
    assert "every 500ms" not in done
    assert len(re.findall(r"<time>\d+(?:\.\d)?\xa0m?s</time>", done)) == 4


def test_why_no_acknowledgement_comes_is_said(scene: Scene, demo: None, smtp_server: SmtpServer) -> None:
    client, organisation = Client(), scene.company.organisation
    with organisation_scope(organisation.pk):
        type(scene.company.support).objects.update(acknowledges=False)
    sent = client.post("/welcome/test-mail", {"name": "Parker", "subject": "Pole", "text": "Help"})["Location"]
    (mail,) = smtp_server.wait_for(1)
    with organisation_scope(organisation.pk):
        receive_piped(organisation, mail.raw, "support@fieldnote.example")
    process_pending()
    told = client.get(sent.partition("#")[0].replace("/welcome", "/welcome/steps")).content.decode()
    assert "No acknowledgement: " in told
    assert "every 500ms" not in told


def test_the_demo_begins_with_its_first_page_and_signs_in_by_one_click(
    scene: Scene, demo: None, maya: Client, tmp_path: Path
) -> None:
    client = Client()
    assert client.get("/")["Location"] == "/welcome"
    assert b'href="/welcome"' in client.get("/sign-in").content
    values = json.loads((tmp_path / "demo.json").read_text())
    (tmp_path / "demo.json").write_text(json.dumps(values | {"password": PASSWORD}))
    fields = dict(
        re.findall(r'type="hidden" name="(email|password)" value="([^"]+)"', client.get("/welcome").content.decode())
    )
    assert client.post("/sign-in", fields)["Location"] == "/cases"
    content = client.get("/welcome").content.decode()
    assert "Signed in as Maya Lindqvist" in content
    assert 'name="password"' not in content
    assert client.get("/")["Location"] == maya.get("/")["Location"] == "/cases"


def test_a_sign_in_outside_the_demo_names_no_demo(scene: Scene) -> None:
    assert Client().get("/")["Location"] == "/cases"
    assert b"welcome" not in Client().get("/sign-in").content


def test_a_server_that_is_gone_is_said(scene: Scene, demo: None, settings, tmp_path: Path) -> None:
    values = json.loads((tmp_path / "demo.json").read_text())
    (tmp_path / "demo.json").write_text(json.dumps(values | {"smtp": {"host": "127.0.0.1", "port": 1}}))
    answer = Client().post(
        "/welcome/test-mail", {"name": "Parker\r\nBcc: x@y.example", "subject": "Pole", "text": "Help"}
    )
    assert answer.status_code == 422
    assert b"did not take it" in answer.content
