"""No room for large mail: every door says so, nothing is kept by half, and all of it is taken in when there is room."""

import os
import smtplib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.test import Client

from caseway.accounts import presence, space
from caseway.accounts.models import Heartbeat
from caseway.accounts.scope import every_organisation, organisation_scope
from caseway.intake import process as process_module
from caseway.intake.alarms import open_alarms, update
from caseway.intake.models import InboundEmail, InboundState
from caseway.intake.process import process_pending
from caseway.intake.receive import receive, receive_piped
from caseway.mailboxes.models import Mailbox, RawEmail
from tests.companies import Company, make_company
from tests.intake.test_lmtp import SUPPORT, answer, serving
from tests.mailboxes.conftest import (  # noqa: F401
    connect_mailbox,
    fresh,
    organisation,
    short_pauses,
    trusted_authority,
    wait_watched,
    watching,
)
from tests.mails import mail
from tests.ops.conftest import Run, caseway, caseway_here  # noqa: F401
from tests.servers.disk import Disk, small_disk
from tests.servers.dovecot import Dovecot
from tests.servers.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

LARGE = 600_000
"""Bytes that are kept in a file, because they do not pack."""


def large_mail(**headers: str) -> bytes:
    return mail(**headers) + os.urandom(LARGE)


@pytest.fixture
def disk(tmp_path: Path, settings: Any) -> Iterator[Disk]:
    """Where large mail is kept, full."""
    with small_disk(tmp_path / "data", 4) as disk:
        raw = {**settings.STORAGES["raw"], "OPTIONS": {"location": disk.folder / "mail"}}
        settings.STORAGES = {**settings.STORAGES, "raw": raw}
        disk.fill()
        yield disk


def files(disk: Disk) -> list[Path]:
    return [one for one in (disk.folder / "mail").rglob("*") if one.is_file()]


def test_nothing_is_kept_by_half(disk: Disk) -> None:
    company = make_company()
    raw = large_mail()
    with pytest.raises(OSError, match="No space left"):
        receive_piped(company.organisation, raw)
    with every_organisation():
        assert not InboundEmail.objects.exists() and not RawEmail.objects.exists()
    assert files(disk) == []
    disk.empty()
    row = receive_piped(company.organisation, raw)
    with every_organisation():
        assert row.raw.content() == raw
    assert len(files(disk)) == 1


def test_a_pipe_is_told_to_try_again(disk: Disk, caseway_here: Run) -> None:  # noqa: F811
    make_company()
    raw = large_mail()
    done = caseway_here("intake", stdin=raw, CASEWAY_DATA=str(disk.folder))
    assert done.returncode == 75, done.stderr
    disk.empty()
    done = caseway_here("intake", stdin=raw, CASEWAY_DATA=str(disk.folder))
    assert done.returncode == 0, done.stderr


def test_a_mail_server_is_told_to_try_again(disk: Disk) -> None:
    make_company()
    with serving() as port, smtplib.LMTP("127.0.0.1", port) as client:
        client.ehlo()
        client.mail("parker@brightwater.example")
        client.rcpt(SUPPORT)
        client.docmd("DATA")
        client.send(large_mail() + b"\r\n.\r\n")
        code, words = client.getreply()
        assert code == 452 and b"No room" in words
        disk.empty()
        [words] = answer(client, SUPPORT, raw=large_mail())
        assert b"Kept" in words


def test_a_watched_mailbox_says_why_and_takes_the_mail_later(
    disk: Disk,
    dovecot: Dovecot,
    connect_mailbox: Callable[..., Mailbox],  # noqa: F811
) -> None:
    user = dovecot.add_user("full-disk@example.com")
    mailbox = connect_mailbox(dovecot, user)
    with watching(receive):
        wait_watched(mailbox)
        dovecot.deliver(user, mail(to=user, subject="Before"))
        dovecot.deliver(user, large_mail(to=user, subject="Large"))
        dovecot.deliver(user, mail(to=user, subject="Behind"))
        wait_for(lambda: "no room left" in fresh(mailbox).error_cause, "the mailbox to say why", 30)
        assert "No space left" in fresh(mailbox).error_line and "nothing is lost" in fresh(mailbox).error_fix
        disk.empty()
        wait_for(lambda: not fresh(mailbox).error_cause, "the mailbox to be well again", 30)
        with organisation_scope(mailbox.organisation_id):
            wait_for(lambda: InboundEmail.objects.count() == 3, "all mail to be kept", 30)
    process_pending()
    with organisation_scope(mailbox.organisation_id):
        rows = InboundEmail.objects.order_by("uid")
        assert [row.subject for row in rows] == ["Before", "Large", "Behind"]


def test_a_small_rest_of_a_disk_is_an_alarm_and_a_full_one_ill_health(disk: Disk, client: Client) -> None:
    company = make_company()
    assert space.left() == 0
    Heartbeat.beat("watch", "desk-1:7", space.left())
    Heartbeat.beat("worker", "desk-1:8", 10**12)
    health = client.get("/health")
    assert health.status_code == 503
    assert health.json()["problems"] == ["the disk that mail is kept on has 0 MB left"]
    with organisation_scope(company.organisation.pk):
        [alarm] = update(company.organisation)
        assert alarm.text == "The disk of desk-1 is full: mail stays on its servers." and "Make room" in alarm.fix
        Heartbeat.beat("watch", "desk-1:7", 200 * 10**6)
        update(company.organisation)
        [alarm] = open_alarms(company.organisation.pk)
        assert alarm.text == "The disk of desk-1 has less than 500 MB left."
        assert client.get("/health").json()["problems"] == []
        Heartbeat.beat("watch", "desk-1:7", 10**12)
        update(company.organisation)
        assert open_alarms(company.organisation.pk) == []


def test_a_full_database_counts_as_no_attempt_of_a_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    company: Company = make_company()
    row = receive_piped(company.organisation, mail())
    monkeypatch.setattr(presence, "number", lambda: 4711)
    right = process_module._deliver_together

    def full(*_: object) -> None:
        raise full_error()

    monkeypatch.setattr(process_module, "_deliver_together", full)
    for _ in range(7):
        with pytest.raises(type(full_error())):
            process_pending()
    monkeypatch.setattr(process_module, "_deliver_together", right)
    process_pending()
    with every_organisation():
        row.refresh_from_db()
        assert (row.state, row.attempts) == (InboundState.DELIVERED, 1)


def full_error() -> Exception:
    """What Django raises when PostgreSQL has no room: its own, from the driver's."""
    from django.db import OperationalError
    from psycopg.errors import DiskFull

    error = OperationalError("could not extend file")
    error.__cause__ = DiskFull("could not extend file")
    return error


def test_errors_that_speak_of_room() -> None:
    assert space.is_used_up(full_error()) and space.is_used_up(OSError(28, "No space left on device"))
    assert not space.is_used_up(OSError(2, "No such file")) and not space.is_used_up(None)
    assert not space.database_is_full()
    assert storages["raw"]
