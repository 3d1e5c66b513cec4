"""Authenticate as people use it: who may, what is saved when it passed, what is not when it failed."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from caseway.accounts.models import Employee, Organisation
from caseway.accounts.plans import PlanError
from caseway.accounts.scope import every_organisation, organisation_scope
from caseway.accounts.secrets import SecretsError
from caseway.mailboxes import diagnosis as room
from caseway.mailboxes import management
from caseway.mailboxes.form import AccountForm, validate
from caseway.mailboxes.models import Diagnosis, FolderCursor, Mailbox, SupportAddress
from tests.mailboxes.conftest import Collected, mail, watching
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpServer

pytestmark = pytest.mark.django_db(transaction=True)

MakeServer = Callable[..., SmtpServer]


@pytest.fixture(autouse=True)
def scope(organisation: Organisation) -> Any:
    with organisation_scope(organisation.pk):
        yield


@contextmanager
def listening(channel: str, url: str) -> Iterator[Callable[[], list[str]]]:
    with psycopg.connect(url, autocommit=True) as heard:
        heard.execute(f"LISTEN {channel}".encode())
        yield lambda: [note.payload for note in heard.notifies(timeout=0.2)]


def form_of(server: Dovecot, user: str, row: SupportAddress | None = None, **values: Any) -> AccountForm:
    given = {"imap_host": "localhost", "imap_port": server.tls_port, "password": "correct horse", "address": user}
    form = validate({**given, **values}, row)
    assert isinstance(form, AccountForm), form
    return form


def authenticate(organisation: Organisation, employee: Employee, form: AccountForm, row: Any = None) -> Diagnosis:
    diagnosis = room.request(organisation, employee, form, row)
    assert room.run_requested() == 1
    diagnosis.refresh_from_db()
    return diagnosis


def test_passed_saves_everything_and_rings(
    dovecot: Dovecot,
    organisation: Organisation,
    administrator: Employee,
    make_smtp_server: MakeServer,
    database_url: str,
) -> None:
    user = dovecot.add_user("saved@example.com")
    dovecot.deliver(user, mail("Old"))
    smtp_server = make_smtp_server(deliver=dovecot.deliver)
    form = form_of(
        dovecot,
        user,
        addressed_to=user,
        aliases="sales@example.com",
        assigned_employee=administrator.pk,
        from_email_id="on",
        smtp_host="localhost",
        smtp_port=smtp_server.port,
        smtp_security="plain",
    )
    with listening("caseway_doorbell", database_url) as bells, listening("caseway_live", database_url) as told:
        diagnosis = authenticate(organisation, administrator, form)
        assert bells() == ["diagnosis", "mailboxes"]
        events = [json.loads(one) for one in told()]
    assert diagnosis.state == "passed"
    assert diagnosis.form == ""
    assert [(step["name"], step["state"]) for step in diagnosis.steps][-1] == ("Send test", "ok")
    assert len([one for one in events if one["event"] == "diag.step"]) == 2 * 9 + 2
    assert {"organisation": organisation.pk, "event": "diag.step", "id": diagnosis.pk} in events
    row = diagnosis.support_address
    assert row is not None
    assert (row.address, row.aliases, row.from_email_id) == (user, ["sales@example.com"], True)
    assert (row.assigned_employee, row.created_by) == (administrator, administrator)
    mailbox = row.mailbox
    assert (mailbox.password, mailbox.owner, mailbox.state) == ("correct horse", administrator, "active")
    cursor = FolderCursor.objects.get()
    assert (cursor.folder, cursor.start_uid, cursor.last_uid) == ("INBOX", 2, 1)
    assert b"Message-ID: <cw." in smtp_server.accepted[0].raw


def test_mail_between_authenticate_and_the_first_look_is_not_missed(
    dovecot: Dovecot, organisation: Organisation, administrator: Employee, collected: Collected
) -> None:
    user = dovecot.add_user("between@example.com")
    dovecot.deliver(user, mail("Old"))
    authenticate(organisation, administrator, form_of(dovecot, user))
    dovecot.deliver(user, mail("Between"))
    with watching(collected):
        collected.wait_for("Between")
    assert collected.subjects == ["Between"]


def test_failed_saves_nothing_and_forgets_the_password(
    dovecot: Dovecot, organisation: Organisation, administrator: Employee
) -> None:
    user = dovecot.add_user("unsaved@example.com")
    diagnosis = authenticate(organisation, administrator, form_of(dovecot, user, password="battery staple"))
    assert diagnosis.state == "failed"
    assert [step["name"] for step in diagnosis.steps if step["state"] == "bad"] == ["Login"]
    assert not Mailbox.objects.exists()
    assert not SupportAddress.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT form, steps::text FROM mailboxes_diagnosis")
        assert all("battery" not in value for value in cursor.fetchone())
        cursor.execute("SELECT form = '' FROM mailboxes_diagnosis")
        assert cursor.fetchone() == (True,)


def test_two_addresses_share_an_account(dovecot: Dovecot, organisation: Organisation, administrator: Employee) -> None:
    user = dovecot.add_user("shared@example.com")
    authenticate(organisation, administrator, form_of(dovecot, user, folders="INBOX,Sent"))
    second = authenticate(organisation, administrator, form_of(dovecot, user, addressed_to="sales@example.com"))
    assert second.state == "passed"
    [mailbox] = Mailbox.objects.all()
    assert sorted(row.address for row in mailbox.support_addresses.all()) == ["sales@example.com", user]
    assert mailbox.folders == ["INBOX", "Sent"]
    assert mailbox.owner == administrator


def test_editing_keeps_the_cursor_and_mends_a_stopped_mailbox(
    dovecot: Dovecot, organisation: Organisation, administrator: Employee
) -> None:
    user = dovecot.add_user("edited@example.com")
    row = authenticate(organisation, administrator, form_of(dovecot, user)).support_address
    assert row is not None
    Mailbox.objects.update(state="stopped", password="outdated", error_cause="refused")
    dovecot.deliver(user, mail("While stopped"))
    row.refresh_from_db()
    edited = authenticate(organisation, administrator, form_of(dovecot, user, row, display_name="Help"), row)
    assert edited.support_address == row
    mailbox = Mailbox.objects.get()
    assert (mailbox.state, mailbox.password, mailbox.error_cause) == ("active", "correct horse", "")
    assert FolderCursor.objects.get().last_uid == 0


def test_moving_a_row_to_another_account_ends_the_old_one(
    dovecot: Dovecot, organisation: Organisation, administrator: Employee
) -> None:
    first, second = dovecot.add_user("moves@example.com"), dovecot.add_user("to@example.com")
    row = authenticate(organisation, administrator, form_of(dovecot, first)).support_address
    assert row is not None
    moved = authenticate(organisation, administrator, form_of(dovecot, second, row), row)
    assert moved.support_address == row
    old, new = Mailbox.objects.order_by("id")
    assert old.deleted_at is not None
    assert (old.password, new.address) == ("", second)
    assert SupportAddress.objects.get().mailbox == new


def test_only_administrators_of_a_plan_that_has_it(
    dovecot: Dovecot, organisation: Organisation, administrator: Employee
) -> None:
    user = dovecot.add_user("gate@example.com")
    form = form_of(dovecot, user)
    agent = Employee.objects.create_employee(organisation, "agent@f.example", "Agent", "agent")
    with pytest.raises(PermissionDenied):
        room.request(organisation, agent, form)
    with every_organisation():
        other = Organisation.objects.create(name="Other", slug="other")
    with pytest.raises(PermissionDenied):
        room.request(other, administrator, form)
    row = authenticate(organisation, administrator, form).support_address
    assert row is not None
    organisation.plan = "lite"
    organisation.save()
    with pytest.raises(PlanError):
        room.request(organisation, administrator, form)
    assert not Diagnosis.objects.filter(state="requested").exists()
    with pytest.raises(PlanError):
        management.resume(row, by=administrator)
    management.delete(row, by=administrator)


def test_a_plan_that_shrinks_while_it_runs_saves_nothing(
    dovecot: Dovecot, organisation: Organisation, administrator: Employee
) -> None:
    user = dovecot.add_user("shrinks@example.com")
    diagnosis = room.request(organisation, administrator, form_of(dovecot, user))
    Organisation.objects.update(plan="lite")
    room.run_requested()
    diagnosis.refresh_from_db()
    assert diagnosis.state == "failed"
    assert "Premium" in diagnosis.steps[-1]["cause"]
    assert not Mailbox.objects.exists()


def test_a_row_that_is_deleted_while_it_runs_stays_deleted(
    dovecot: Dovecot, organisation: Organisation, administrator: Employee
) -> None:
    user = dovecot.add_user("deleted-meanwhile@example.com")
    row = authenticate(organisation, administrator, form_of(dovecot, user)).support_address
    assert row is not None
    edit = room.request(organisation, administrator, form_of(dovecot, user, row, folders="Sent"), row)
    management.delete(row, by=administrator)
    room.run_requested()
    edit.refresh_from_db()
    assert edit.state == "failed"
    assert "deleted in the meantime" in edit.steps[-1]["cause"]
    assert not SupportAddress.objects.filter(deleted_at=None).exists()


def test_a_form_that_does_not_open_fails_and_holds_nothing_up(
    dovecot: Dovecot, organisation: Organisation, administrator: Employee
) -> None:
    lost = room.request(organisation, administrator, form_of(dovecot, "lost-key@example.com"))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE mailboxes_diagnosis SET form = 'gAAAAABnonsense'")
    user = dovecot.add_user("after-lost-key@example.com")
    asked = room.request(organisation, administrator, form_of(dovecot, user))
    with pytest.raises(SecretsError):
        room.run_requested()
    assert room.run_requested() == 1
    states = dict(Diagnosis.objects.defer("form").values_list("pk", "state"))
    assert states == {lost.pk: "failed", asked.pk: "passed"}


def test_what_a_dead_worker_left_is_ended(
    dovecot: Dovecot, organisation: Organisation, administrator: Employee
) -> None:
    form = form_of(dovecot, "dead@example.com")
    diagnosis = room.request(organisation, administrator, form)
    Diagnosis.objects.update(state="running", started_at="2020-01-01T00:00:00Z")
    assert room.run_requested() == 0
    diagnosis.refresh_from_db()
    assert (diagnosis.state, diagnosis.form) == ("failed", "")


def test_pause_resume_delete(dovecot: Dovecot, organisation: Organisation, administrator: Employee) -> None:
    user = dovecot.add_user("verbs@example.com")
    one = authenticate(organisation, administrator, form_of(dovecot, user)).support_address
    two = authenticate(
        organisation, administrator, form_of(dovecot, user, addressed_to="two@example.com")
    ).support_address
    assert one is not None
    assert two is not None
    management.pause(one, by=administrator)
    assert Mailbox.objects.get().state == "active"
    management.pause(two, by=administrator)
    assert (Mailbox.objects.get().state, Mailbox.objects.get().state_by) == ("paused", administrator)
    management.resume(one, by=administrator)
    assert Mailbox.objects.get().state == "active"
    management.delete(one, by=administrator)
    assert Mailbox.objects.get().state == "paused"
    management.delete(two, by=administrator)
    assert (Mailbox.objects.get().deleted_at is not None, Mailbox.objects.get().password) == (True, "")
    again = authenticate(organisation, administrator, form_of(dovecot, user))
    assert again.state == "passed"
    assert Mailbox.objects.filter(deleted_at=None).count() == 1


def test_small_changes_need_no_authentication(
    dovecot: Dovecot, organisation: Organisation, administrator: Employee
) -> None:
    user = dovecot.add_user("small@example.com")
    row = authenticate(organisation, administrator, form_of(dovecot, user)).support_address
    assert row is not None
    form = validate({"assigned_to": f"employee:{administrator.pk}", "add_to_cc": "on", "aliases": "x@example.com"}, row)
    assert isinstance(form, AccountForm)
    management.update(row, form, by=administrator)
    row.refresh_from_db()
    assert (row.assigned_employee, row.add_to_cc, row.aliases) == (administrator, True, ["x@example.com"])
    changed = validate({"folders": "Sent"}, row)
    assert isinstance(changed, AccountForm)
    with pytest.raises(ValueError, match="authenticated"):
        management.update(row, changed, by=administrator)
