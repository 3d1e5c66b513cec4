"""Who gets where: every address of the pages, for everybody, made from the URLconf itself."""

from __future__ import annotations

import re
from typing import NamedTuple

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from caseway.web.urls import urlpatterns
from tests.web.conftest import Scene, signed_in


class Door(NamedTuple):
    who: str  # open, employee, writer, administrator
    methods: str
    names: str = ""  # which id stands in the address


DOORS: dict[str, Door] = {
    "home": Door("open", "GET"),
    "case-slash": Door("open", "GET", "number"),
    "sign-in": Door("open", "GET POST"),
    "sign-out": Door("open", "POST"),
    "forgotten-password": Door("open", "GET POST"),
    "new-password": Door("open", "GET POST", "link"),
    "accept-invitation": Door("open", "GET POST", "link"),
    "search": Door("employee", "GET"),
    "search-suggestions": Door("employee", "GET"),
    "welcome": Door("demo", "GET"),
    "welcome-test-mail": Door("demo", "POST"),
    "welcome-sample": Door("demo", "GET"),
    "welcome-steps": Door("demo", "GET"),
    "live": Door("stream", "GET"),
    "profile": Door("employee", "GET POST"),
    "profile-password": Door("employee", "POST"),
    "profile-notices": Door("employee", "POST"),
    "notices": Door("employee", "GET"),
    "notices-panel": Door("employee", "GET"),
    "notices-news": Door("employee", "GET"),
    "notices-read": Door("employee", "POST"),
    "bell": Door("employee", "GET"),
    "theme": Door("employee", "POST"),
    "cases": Door("employee", "GET"),
    "case-list": Door("employee", "GET", "slug"),
    "case-counts": Door("employee", "GET"),
    "case-changes": Door("employee", "GET"),
    "undo": Door("employee", "POST"),
    "case-bulk": Door("writer", "POST"),
    "new-case": Door("writer", "GET POST"),
    "case": Door("employee", "GET", "number"),
    "case-preview": Door("employee", "GET", "number"),
    "case-live": Door("employee", "GET", "number"),
    "case-rows": Door("employee", "GET"),
    "case-marks": Door("employee", "POST"),
    "case-choices": Door("writer", "GET"),
    "case-filters": Door("employee", "GET"),
    "case-filter-find": Door("employee", "GET"),
    "case-export": Door("employee", "GET"),
    "saved-views": Door("employee", "GET POST"),
    "saved-view": Door("employee", "GET", "view"),
    "saved-view-change": Door("employee", "POST", "view"),
    "case-added-cc": Door("writer", "GET", "number"),
    "case-status": Door("writer", "POST", "number"),
    "case-priority": Door("writer", "POST", "number"),
    "case-assignment": Door("writer", "POST", "number"),
    "case-type": Door("writer", "POST", "number"),
    "case-tags": Door("writer", "POST", "number"),
    "case-need-by": Door("writer", "POST", "number"),
    "case-verification": Door("writer", "POST", "number"),
    "case-deletion": Door("writer", "POST", "number"),
    "case-custom": Door("writer", "POST", "number"),
    "case-contact": Door("writer", "POST", "number"),
    "case-snooze": Door("writer", "POST", "number"),
    "case-wake": Door("writer", "POST", "number"),
    "case-merge": Door("writer", "POST", "number"),
    "case-separate": Door("writer", "POST", "number"),
    "case-link": Door("writer", "POST", "number"),
    "case-unlink": Door("writer", "POST", "number"),
    "case-following": Door("employee", "POST", "number"),
    "case-find": Door("writer", "GET", "number"),
    "case-seen": Door("employee", "POST", "number"),
    "case-seen-picture": Door("employee", "GET", "number"),
    "case-earlier": Door("employee", "GET", "number"),
    "case-history": Door("employee", "GET", "number"),
    "case-files": Door("employee", "GET", "number"),
    "message-files": Door("employee", "GET", "message"),
    "message-split": Door("writer", "POST", "message"),
    "message-move": Door("writer", "POST", "message"),
    "attachment-view": Door("employee", "GET", "attachment"),
    "attachment-mail-body": Door("employee", "GET", "attachment"),
    "case-restore": Door("writer", "POST", "number"),
    "case-replies": Door("writer", "POST", "number"),
    "case-notes": Door("employee", "POST", "number"),
    "case-forwards": Door("writer", "POST", "number"),
    "case-presence": Door("employee", "GET POST", "number"),
    "cases-presence": Door("employee", "GET"),
    "new-mail": Door("writer", "GET POST"),
    "new-mail-from": Door("writer", "GET"),
    "drafts": Door("employee", "POST"),
    "draft": Door("employee", "GET", "draft"),
    "draft-discard": Door("employee", "POST", "draft"),
    "draft-files": Door("writer", "POST", "draft"),
    "draft-file": Door("employee", "GET", "draft_file"),
    "draft-file-removal": Door("writer", "POST", "draft_file"),
    "pick-contacts": Door("writer", "GET"),
    "pick-colleagues": Door("employee", "GET"),
    "pick-canned": Door("writer", "GET"),
    "pick-canned-use": Door("writer", "POST", "canned"),
    "canned-replies": Door("administrator", "GET"),
    "canned-reply-add": Door("administrator", "GET POST"),
    "canned-reply": Door("administrator", "GET POST", "canned"),
    "canned-reply-preview": Door("administrator", "POST"),
    "canned-reply-deletion": Door("administrator", "POST", "canned"),
    "signatures": Door("administrator", "GET POST"),
    "own-signatures": Door("writer", "GET POST"),
    "signature-preview": Door("writer", "POST"),
    "reply-undo": Door("writer", "POST", "outbound"),
    "message-body": Door("employee", "GET", "message"),
    "message-source": Door("employee", "GET", "message"),
    "message-rest": Door("writer", "POST", "message"),
    "attachment": Door("employee", "GET", "attachment"),
    "attachment-preview": Door("employee", "GET", "attachment"),
    "contacts": Door("employee", "GET"),
    "contact": Door("employee", "GET", "contact"),
    "new-contact": Door("writer", "GET POST"),
    "edit-contact": Door("writer", "GET POST", "contact"),
    "contact-row": Door("employee", "GET", "contact"),
    "contact-messages": Door("employee", "GET", "contact"),
    "contact-card": Door("employee", "GET", "contact"),
    "contact-addresses": Door("writer", "POST", "contact"),
    "address-removal": Door("writer", "POST", "contact_address"),
    "address-first": Door("writer", "POST", "contact_address"),
    "address-trial": Door("writer", "POST", "contact_address"),
    "contact-notes": Door("writer", "POST", "contact"),
    "contact-block": Door("writer", "POST", "contact"),
    "contact-unblock": Door("writer", "POST", "contact"),
    "contact-merge": Door("writer", "GET POST", "contact"),
    "contact-merge-undo": Door("writer", "POST", "contact_merge"),
    "import-contacts": Door("writer", "GET POST"),
    "contact-import": Door("writer", "GET POST", "contact_import"),
    "contact-import-status": Door("writer", "GET", "contact_import"),
    "export-contacts-csv": Door("employee", "GET"),
    "export-contacts-vcard": Door("employee", "GET"),
    "companies": Door("employee", "GET"),
    "company": Door("employee", "GET", "company"),
    "edit-company": Door("writer", "GET POST", "company"),
    "company-notes": Door("writer", "POST", "company"),
    "company-merge-undo": Door("writer", "POST", "company_merge"),
    "settings": Door("employee", "GET"),
    "email-to-case": Door("administrator", "GET"),
    "email-to-case-list": Door("administrator", "GET"),
    "email-to-case-guess": Door("administrator", "GET"),
    "email-to-case-add": Door("administrator", "GET POST"),
    "email-to-case-edit": Door("administrator", "GET POST", "address"),
    "email-to-case-pause": Door("administrator", "POST", "address"),
    "email-to-case-resume": Door("administrator", "POST", "address"),
    "email-to-case-deletion": Door("administrator", "POST", "address"),
    "email-to-case-history": Door("administrator", "GET POST", "address"),
    "history-stop": Door("administrator", "POST", "import"),
    "alarms": Door("administrator", "GET"),
    "alarm-banner": Door("administrator", "GET"),
    "authentication": Door("administrator", "GET", "diagnosis"),
    "authentication-steps": Door("administrator", "GET", "diagnosis"),
    "authentication-form": Door("administrator", "GET", "diagnosis"),
    "acknowledgements": Door("administrator", "GET"),
    "acknowledgement": Door("administrator", "GET POST", "address"),
    "acknowledgement-preview": Door("administrator", "POST", "address"),
    "acknowledgement-test": Door("administrator", "POST", "address"),
    "acknowledgement-reset": Door("administrator", "POST", "address"),
    "outgoing-email": Door("administrator", "GET"),
    "outbound-cancel": Door("administrator", "POST", "outbound"),
    "outbound-retry": Door("administrator", "POST", "outbound"),
    "outbound-source": Door("administrator", "GET", "outbound"),
    "case-recipients": Door("writer", "GET", "number"),
    "outgoing-email-rows": Door("administrator", "GET"),
    "outbound-was-sent": Door("administrator", "POST", "outbound"),
    "outbound-now": Door("writer", "POST", "outbound"),
    "outbound-release": Door("writer", "POST", "outbound"),
    "mail-log": Door("administrator", "GET"),
    "mail-log-rows": Door("administrator", "GET"),
    "inbound-make-case": Door("administrator", "POST", "inbound"),
    "sender-ignore": Door("administrator", "POST"),
    "sender-listen-again": Door("administrator", "POST", "rule"),
    "pause-resume": Door("administrator", "POST", "pause"),
    "replay": Door("administrator", "GET POST"),
    "inbound-source": Door("administrator", "GET", "inbound"),
    "inbound-again": Door("administrator", "POST", "inbound"),
    "employees": Door("administrator", "GET"),
    "employee-invite": Door("administrator", "POST"),
    "employee-role": Door("administrator", "POST", "employee"),
    "employee-deactivate": Door("administrator", "POST", "employee"),
    "employee-reactivate": Door("administrator", "POST", "employee"),
    "employee-invite-again": Door("administrator", "POST", "employee"),
    "statuses": Door("administrator", "GET POST"),
    "company-settings": Door("administrator", "GET POST"),
    "types": Door("administrator", "GET POST"),
    "type-change": Door("administrator", "POST", "type"),
    "type-retire": Door("administrator", "POST", "type"),
    "type-return": Door("administrator", "POST", "type"),
    "type-move": Door("administrator", "POST", "type"),
    "tags": Door("administrator", "GET POST"),
    "tag-change": Door("administrator", "POST", "tag"),
    "tag-retire": Door("administrator", "POST", "tag"),
    "tag-return": Door("administrator", "POST", "tag"),
    "tag-merge": Door("administrator", "POST", "tag"),
    "fields": Door("administrator", "GET POST"),
    "field-change": Door("administrator", "POST", "field"),
    "field-retire": Door("administrator", "POST", "field"),
    "field-return": Door("administrator", "POST", "field"),
    "field-move": Door("administrator", "POST", "field"),
    "teams": Door("administrator", "GET POST"),
    "team-change": Door("administrator", "POST", "team"),
    "team-deletion": Door("administrator", "POST", "team"),
    "api-tokens": Door("administrator", "GET POST"),
    "api-token-revoke": Door("administrator", "POST", "token"),
}
BEHIND = {name: door for name, door in DOORS.items() if door.who in {"employee", "writer", "administrator"}}
NAMING = {name: door for name, door in BEHIND.items() if door.names not in {"", "slug"}}
SHOWING_PLACES = {"acknowledgement", "canned-reply", "canned-reply-add", "signatures", "own-signatures"}
"""Pages that say which places of a template are filled in."""
SPECIAL = {"email-to-case-guess", "settings", "case-export"}  # asks the network; leads on; writes while it reads
READING = {name: door for name, door in BEHIND.items() if "GET" in door.methods and name not in SPECIAL}
WRITING = re.compile(r"^\s*(INSERT|UPDATE|DELETE)|pg_notify|nextval", re.IGNORECASE)


def path_of(name: str, scene: Scene) -> str:
    return reverse(name, args=scene.ids[DOORS[name].names])


def ask(client: Client, method: str, path: str) -> HttpResponse:
    return client.get(path) if method == "GET" else client.post(path)


def test_every_address_is_in_this_table() -> None:
    assert {pattern.name for pattern in urlpatterns} == set(DOORS)


def test_nobody_gets_in_without_signing_in(scene: Scene) -> None:
    for name in BEHIND:
        for method in ("GET", "POST"):
            answer = ask(Client(), method, path_of(name, scene))
            assert answer.status_code == 302, name
            assert answer["Location"].startswith("/sign-in?next="), name


def test_a_light_agent_reads_and_notes_only(scene: Scene, lior: Client) -> None:
    for name, door in BEHIND.items():
        answer = ask(lior, door.methods.split()[0], path_of(name, scene))
        assert (answer.status_code == 403) is (door.who != "employee"), name


def test_an_agent_is_no_administrator(scene: Scene, dana: Client) -> None:
    for name, door in BEHIND.items():
        if door.who == "administrator":
            assert ask(dana, door.methods.split()[0], path_of(name, scene)).status_code == 403, name


def test_what_belongs_to_another_organisation_is_not_there(scene: Scene, other: Scene, maya: Client) -> None:
    for name, door in NAMING.items():
        foreign = path_of(name, other)
        if door.names == "number":
            foreign = reverse(name, args=[other.case.number + 1000])  # numbers count from 1 in each: see below
        for method in door.methods.split():
            assert ask(maya, method, foreign).status_code == 404, name


def test_the_same_number_means_each_organisations_own_case(scene: Scene, other: Scene) -> None:
    assert scene.case.number == other.case.number
    answer = signed_in(other.company.maya).get(reverse("case", args=[other.case.number]))
    assert b"northwind.example" in answer.content
    assert b"fieldnote.example" not in answer.content


def test_a_wrong_method_is_refused(scene: Scene, maya: Client) -> None:
    for name, door in BEHIND.items():
        for method in {"GET", "POST"} - set(door.methods.split()):
            assert ask(maya, method, path_of(name, scene)).status_code == 405, name


def test_a_post_without_the_token_is_refused(scene: Scene) -> None:
    client = signed_in(scene.company.maya, enforce_csrf_checks=True)
    links: dict[str, list[object]] = {"new-password": ["MQ", "x"], "accept-invitation": ["x"]}
    for name in [name for name, door in DOORS.items() if "POST" in door.methods]:
        path = reverse(name, args=links.get(name) or scene.ids.get(DOORS[name].names, []))
        for headers in ({}, {"HX-Request": "true"}):
            assert client.post(path, headers=headers).status_code == 403, name


def test_reading_writes_nothing_and_is_not_cached(scene: Scene, maya: Client) -> None:
    maya.get("/cases")
    for name in READING:
        path = path_of(name, scene) + ("?view=all-open" if name == "case-rows" else "")
        with CaptureQueriesContext(connection) as queries:
            answer = maya.get(path)
        assert answer.status_code == (404 if name == "attachment-mail-body" else 200), name  # the file is no mail
        assert not [query["sql"] for query in queries if WRITING.search(query["sql"])], name
        is_kept = name in {"attachment-preview", "attachment-mail-body"}
        assert is_kept or "no-store" in answer["Cache-Control"], name


def test_every_page_has_a_strict_policy_and_no_raw_template(scene: Scene, maya: Client) -> None:
    for name in READING:
        answer = maya.get(path_of(name, scene) + "?view=all-open")
        if name not in SHOWING_PLACES and not answer.streaming:
            assert b"{{" not in answer.content, name
            assert b"{%" not in answer.content, name
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy, name
        scripts = re.search(r"script-src ([^;]*)", policy)
        assert scripts is None or scripts.group(1) in {"'self'", "'none'"}, name
        assert "unsafe" not in policy or name == "message-body", name


def test_the_first_page_exists_in_the_demo_only(scene: Scene) -> None:
    for name in ("welcome", "welcome-steps"):
        assert Client().get(reverse(name)).status_code == 404


def test_an_address_with_a_slash_at_its_end_is_the_same(scene: Scene, maya: Client) -> None:
    assert maya.get(f"/cases/{scene.case.number}/?list=closed")["Location"] == f"/cases/{scene.case.number}?list=closed"
