"""Organisations with connected mailboxes on real servers, and a watcher over them."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction

from caseway.accounts.models import Employee, Organisation
from caseway.accounts.scope import every_organisation, organisation_scope
from caseway.mailboxes import watch, watcher
from caseway.mailboxes.errors import LeaseLostError
from caseway.mailboxes.fetched import Fetched
from caseway.mailboxes.models import FolderCursor, Mailbox, SupportAddress
from tests.servers.certificates import TestAuthority
from tests.servers.dovecot import Dovecot
from tests.servers.waiting import wait_for


def mail(subject: str, *, to: str = "help@example.com", body: str = "Tent pole.", size: int = 0) -> bytes:
    text = body + "".join(f"\r\nline {number:08}" for number in range(size // 15))
    return (
        f"From: Parker Ehlers <parker@example.com>\r\nTo: {to}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{subject.replace(' ', '.')}@example.com>\r\n\r\n{text}\r\n"
    ).encode()


@pytest.fixture(autouse=True)
def trusted_authority(settings: Any, authority: TestAuthority) -> None:
    settings.CASEWAY_CA_FILE = str(authority.ca_file)
    settings.CASEWAY_SMTP_URL = ""


@pytest.fixture
def organisation(transactional_db: None) -> Organisation:
    with every_organisation():
        return Organisation.objects.create(name="Fieldnote", slug="fieldnote")


@pytest.fixture
def administrator(organisation: Organisation) -> Employee:
    with organisation_scope(organisation.pk):
        return Employee.objects.create_employee(
            organisation, "maya@fieldnote.example", "Maya Lindqvist", "administrator"
        )


class Collected:
    """A `deliver` that keeps messages in memory and moves the cursor as intake does."""

    def __init__(self) -> None:
        self.all: list[Fetched] = []
        self.fail_with: list[Exception] = []

    def __call__(self, mailbox: Mailbox, fetched: Sequence[Fetched]) -> int:
        if self.fail_with:
            raise self.fail_with.pop()
        with organisation_scope(mailbox.organisation_id), transaction.atomic():
            if not Mailbox.objects.filter(pk=mailbox.pk, lease_number=mailbox.lease_number).exists():
                raise LeaseLostError("stale")
            for one in fetched:
                FolderCursor.objects.filter(
                    mailbox=mailbox, folder=one.folder, uidvalidity=one.uidvalidity, last_uid__lt=one.uid
                ).update(last_uid=one.uid)
        self.all += fetched
        return len(fetched)

    @property
    def subjects(self) -> list[str]:
        return [one.raw.split(b"Subject: ")[1].split(b"\r\n")[0].decode() for one in list(self.all)]

    def wait_for(self, *subjects: str, seconds: float = 20) -> None:
        wait_for(lambda: set(subjects) <= set(self.subjects), f"{subjects} to be delivered", seconds)


@pytest.fixture
def collected() -> Collected:
    return Collected()


@pytest.fixture
def connect_mailbox(organisation: Organisation) -> Callable[..., Mailbox]:
    """A mailbox row as Authenticate saves it: `connect_mailbox(server, "a@example.com", imap_security="plain")`."""

    def connect(server: Dovecot, address: str, **values: Any) -> Mailbox:
        with organisation_scope(organisation.pk):
            mailbox = Mailbox.objects.create(
                organisation=organisation,
                address=address,
                login=address,
                password=values.pop("password", "correct horse"),
                imap_host=values.pop("imap_host", "localhost"),
                imap_port=values.pop("imap_port", server.tls_port),
                **values,
            )
            SupportAddress.objects.create(organisation=organisation, mailbox=mailbox, address=address)
        return mailbox

    return connect


@contextmanager
def watching(deliver: Any, alarm: Any = None) -> Iterator[None]:
    stop = threading.Event()

    def run() -> None:
        try:
            watch.watch_all(deliver, stop, alarm)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive(), "the watcher did not stop"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes a minute in earnest takes a moment here."""
    monkeypatch.setattr(watcher, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(watcher, "LONGEST_PAUSE", 0.5)
    monkeypatch.setattr(watcher, "REFUSED_PAUSE", 0.2)
    monkeypatch.setattr(watcher, "LOGIN_PAUSE", 0.05)


def fresh(mailbox: Mailbox) -> Mailbox:
    with organisation_scope(mailbox.organisation_id):
        return Mailbox.objects.get(pk=mailbox.pk)


def wait_watched(mailbox: Mailbox, how: str = "idle") -> None:
    wait_for(lambda: fresh(mailbox).watched_by == how, f"{mailbox.address} to be watched by {how}")
