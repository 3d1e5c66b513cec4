"""Email to Case over the API, with a real Dovecot and a real SMTP server behind Authenticate."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from caseway.accounts.models import Organisation
from caseway.accounts.scope import every_organisation, organisation_scope
from caseway.intake.models import Alarm, DailyCount
from caseway.mailboxes.diagnosis import run_requested
from caseway.mailboxes.models import Diagnosis, Mailbox, SupportAddress
from tests.api.conftest import Api, token_of
from tests.companies import Company, make_company
from tests.servers.certificates import TestAuthority
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpServer

SECRET = "correct horse"


@pytest.fixture
def fieldnote(transactional_db: None, settings: Any, authority: TestAuthority) -> Company:
    """What the worker does has to be seen by the caller, so everything commits."""
    settings.CASEWAY_CA_FILE = str(authority.ca_file)
    settings.CASEWAY_SMTP_URL = ""
    return make_company()


@pytest.fixture
def other(transactional_db: None) -> Company:
    return make_company("brightline", "brightline.example")


@pytest.fixture
def worker(fieldnote: Company) -> Iterator[None]:
    """Runs what was asked for, as the worker process does."""
    ended = threading.Event()

    def work() -> None:
        try:
            while not ended.wait(0.05):
                run_requested()
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    ended.set()
    thread.join()


@pytest.fixture
def account(dovecot: Dovecot, make_smtp_server: Callable[..., SmtpServer]) -> dict[str, Any]:
    """The Add form for a mailbox that exists."""
    user = dovecot.add_user("help@fieldnote.example", SECRET)
    smtp = make_smtp_server(users={user: SECRET}, deliver=lambda recipient, raw: dovecot.deliver(user, raw))
    return {
        "receiving_email_account": user,
        "password": SECRET,
        "imap_host_name": dovecot.host,
        "port": dovecot.tls_port,
        "imap_security": "tls",
        "smtp_host": smtp.host,
        "smtp_port": smtp.port,
        "smtp_security": "plain",
    }


def test_an_address_is_connected_when_every_step_passes(
    administrator: Api, account: dict[str, Any], worker: None, fieldnote: Company
) -> None:
    body = account | {"employee": fieldnote.dana.email, "from_email_id": True, "aliases": ["team@fieldnote.example"]}
    run = administrator.post("/email-to-case?wait=40", body, 202)
    assert run["state"] == "passed", run
    assert {step["name"]: step["state"] for step in run["steps"]}["Login"] == "ok"
    assert administrator.get(run["url"].removeprefix("/api/v1")) == run
    row = administrator.get(f"/email-to-case/{run['email_to_case']}")
    assert (row["receiving_email_account"], row["port"]) == (account["receiving_email_account"], account["port"])
    assert row["assigned_to"]["name"] == "Dana Whitfield"
    assert (row["from_email_id"], row["add_to_cc"], row["aliases"]) == (True, False, ["team@fieldnote.example"])
    assert row["health"]["state"] == "active"
    assert row in administrator.get("/email-to-case")
    assert SECRET not in str(administrator.get("/email-to-case")) + str(run) + str(row)


def test_a_wrong_password_says_which_step_why_and_what_to_do(
    administrator: Api, account: dict[str, Any], worker: None, fieldnote: Company
) -> None:
    run = administrator.post("/email-to-case?wait=40", account | {"password": "hunter2"}, 202)
    assert run["state"] == "failed"
    bad = next(step for step in run["steps"] if step["state"] == "bad")
    assert bad["name"] == "Login"
    assert bad["cause"]
    assert bad["fix"]
    assert run["email_to_case"] is None
    assert "hunter2" not in str(run)
    assert len(administrator.get("/email-to-case")) == 1


def test_without_waiting_the_run_is_named_at_once(administrator: Api, account: dict[str, Any]) -> None:
    run = administrator.post("/email-to-case", account, 202)
    assert (run["state"], run["steps"], run["finished_at"]) == ("requested", [], None)
    assert administrator.get(f"/email-to-case/diagnoses/{run['id']}") == run


def test_switches_are_saved_at_once_and_servers_are_authenticated(administrator: Api, fieldnote: Company) -> None:
    at = f"/email-to-case/{fieldnote.support.pk}"
    changed = administrator.patch(at, {"add_to_cc": True, "employee": fieldnote.dana.pk, "aliases": ["a@b.example"]})
    assert (changed["add_to_cc"], changed["aliases"]) == (True, ["a@b.example"])
    assert changed["assigned_to"]["id"] == fieldnote.dana.pk
    assert administrator.patch(at, {"employee": None})["assigned_to"] is None
    problem = administrator.patch(at, {"imap_host_name": "elsewhere.example"}, 422)
    assert [error["field"] for error in problem["errors"]] == ["password"]
    run = administrator.patch(at, {"imap_host_name": "elsewhere.example", "password": "new"}, 202)
    assert (run["state"], run["email_to_case"]) == ("requested", fieldnote.support.pk)
    assert administrator.get(at)["imap_host_name"] == "127.0.0.1"


def test_pause_resume_and_delete(administrator: Api, fieldnote: Company) -> None:
    at = f"/email-to-case/{fieldnote.support.pk}"
    paused = administrator.post(f"{at}/pause")
    assert (paused["health"]["is_paused"], paused["health"]["state"]) == (True, "paused")
    assert administrator.post(f"{at}/resume")["health"]["state"] == "active"
    administrator.delete(at)
    administrator.get(at, 404)
    assert administrator.get("/email-to-case") == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"receiving_email_account": "nobody"}, "receiving_email_account"),
        ({"imap_host_name": "a b"}, "imap_host_name"),
        ({"port": 0}, "port"),
        ({"password": ""}, "password"),
        ({"smtp_host": "%"}, "smtp_host"),
        ({"employee": 10**9}, "employee"),
        ({"owner": 1}, "owner"),
        ({"state": "active"}, "state"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(administrator: Api, change: dict[str, Any], field: str) -> None:
    body = {"receiving_email_account": "help@fieldnote.example", "password": "x", "imap_host_name": "imap.example"}
    problem = administrator.post("/email-to-case", body | change, 422)
    assert [error["field"].split(".int")[0] for error in problem["errors"]][:1] == [field]
    with every_organisation():
        assert not Diagnosis.objects.exists()


def test_the_plan_decides(administrator: Api, account: dict[str, Any], fieldnote: Company) -> None:
    with every_organisation():
        Organisation.objects.filter(pk=fieldnote.organisation.pk).update(plan="lite")
    problem = administrator.post("/email-to-case", account, 403)
    assert problem["type"].endswith("#plan")
    assert "Premium" in problem["detail"]
    at = f"/email-to-case/{fieldnote.support.pk}"
    administrator.patch(at, {"add_to_cc": True}, 403)
    administrator.post(f"{at}/pause")
    administrator.post(f"{at}/resume", expect=403)
    with every_organisation():
        assert not Diagnosis.objects.exists()


def test_settings_are_for_administrators(api: Api, light: Api, account: dict[str, Any], fieldnote: Company) -> None:
    at = f"/email-to-case/{fieldnote.support.pk}"
    for one in (api, light):
        one.get("/email-to-case", 403)
        one.get(at, 403)
        one.get("/email-to-case/diagnoses/1", 403)
        one.post("/email-to-case", account, 403)
        one.patch(at, {"add_to_cc": True}, 403)
        one.post(f"{at}/pause", expect=403)
        one.post(f"{at}/resume", expect=403)
        one.delete(at, 403)
    with organisation_scope(fieldnote.organisation.pk):
        assert SupportAddress.objects.get().is_paused is False


def test_another_organisations_addresses_do_not_exist(
    administrator: Api, fieldnote: Company, account: dict[str, Any], other: Company
) -> None:
    run = administrator.post("/email-to-case", account, 202)
    stranger = Api(token_of(other.maya))
    at = f"/email-to-case/{fieldnote.support.pk}"
    stranger.get(at, 404)
    stranger.get(f"/email-to-case/diagnoses/{run['id']}", 404)
    stranger.patch(at, {"add_to_cc": True}, 404)
    stranger.post(f"{at}/pause", expect=404)
    stranger.post(f"{at}/resume", expect=404)
    stranger.delete(at, 404)
    assert [row["id"] for row in stranger.get("/email-to-case")] == [other.support.pk]
    with organisation_scope(fieldnote.organisation.pk):
        assert Mailbox.objects.get().deleted_at is None


def test_older_mail_is_imported_once_at_a_time_and_stopped(administrator: Api, fieldnote: Company) -> None:
    at = f"/email-to-case/{fieldnote.support.pk}/history-imports"
    asked = administrator.post(at, {"since": "2026-01-31"}, 202)
    assert (asked["state"], asked["since"], asked["seen"]) == ("requested", "2026-01-31", 0)
    assert "already" in administrator.post(at, {}, 409)["detail"]
    assert administrator.get(at) == [asked]
    administrator.delete(f"{at}/{asked['id']}")
    assert administrator.get(at)[0]["state"] == "cancelled"
    administrator.delete(f"{at}/999999", 404)


def test_daily_counts_and_alarms_are_read(administrator: Api, fieldnote: Company) -> None:
    with organisation_scope(fieldnote.organisation.pk):
        DailyCount.objects.create(
            organisation=fieldnote.organisation, mailbox=fieldnote.mailbox, day="2026-01-31", on_server=3, in_cases=3
        )
        Alarm.objects.create(organisation=fieldnote.organisation, kind="quarantined", text="1 mail is in quarantine.")
    [line] = administrator.get(f"/email-to-case/{fieldnote.support.pk}/daily-counts")
    assert (line["line"], line["missing"]) == ("server 3 = 3 in cases", 0)
    assert [one["kind"] for one in administrator.get("/alarms")] == ["quarantined"]
