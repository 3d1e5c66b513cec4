"""Two watchers, one mailbox: one reads, the other takes over, and a late one writes nothing."""

import threading
import time
from collections.abc import Callable, Sequence

import pytest
from django.db import connection

from caseway.accounts.scope import organisation_scope
from caseway.mailboxes import lease
from caseway.mailboxes.errors import LeaseLostError
from caseway.mailboxes.fetched import Fetched
from caseway.mailboxes.models import Mailbox
from caseway.mailboxes.watch import Warden
from tests.mailboxes.conftest import Collected, fresh, mail, wait_watched, watching
from tests.servers.dovecot import Dovecot
from tests.servers.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

Connect = Callable[..., Mailbox]


def test_a_mailbox_is_held_by_one(dovecot: Dovecot, connect_mailbox: Connect) -> None:
    mailbox = connect_mailbox(dovecot, dovecot.add_user("one@example.com"))
    [held] = lease.take("first")
    assert held.lease_number == mailbox.lease_number + 1
    assert lease.take("second") == []
    numbers = {held.pk: held.lease_number}
    assert lease.renew("first", numbers) == {held.pk}
    assert lease.renew("second", numbers) == set()
    lease.release("second", numbers)
    assert lease.take("second") == []
    lease.release("first", numbers)
    [taken] = lease.take("second")
    assert taken.lease_number == held.lease_number + 1
    assert lease.renew("first", numbers) == set()


def test_paused_and_deleted_mailboxes_are_not_taken(dovecot: Dovecot, connect_mailbox: Connect) -> None:
    connect_mailbox(dovecot, "paused@example.com", state="paused")
    connect_mailbox(dovecot, "stopped@example.com", state="stopped")
    connect_mailbox(dovecot, "deleted@example.com", deleted_at="2026-01-01T00:00:00Z")
    assert lease.take("first") == []


def test_a_password_that_does_not_open_holds_up_no_other_mailbox(
    dovecot: Dovecot, connect_mailbox: Connect, collected: Collected
) -> None:
    broken = connect_mailbox(dovecot, "broken-key@example.com")
    user = dovecot.add_user("whole-key@example.com")
    mailbox = connect_mailbox(dovecot, user)
    with organisation_scope(broken.organisation_id), connection.cursor() as cursor:
        cursor.execute("UPDATE mailboxes_mailbox SET password = 'gAAAAABnonsense' WHERE id = %s", [broken.pk])
    with watching(collected):
        wait_watched(mailbox)
        dovecot.deliver(user, mail("Whole"))
        collected.wait_for("Whole")
    with organisation_scope(broken.organisation_id):
        assert "does not open" in Mailbox.objects.filter(pk=broken.pk).values_list("error_cause", flat=True)[0]


def test_a_killed_holder_is_replaced(dovecot: Dovecot, connect_mailbox: Connect, collected: Collected) -> None:
    user = dovecot.add_user("killed@example.com")
    mailbox = connect_mailbox(dovecot, user)
    assert lease.take("killed at once")
    with watching(collected):
        started = time.monotonic()
        wait_watched(mailbox)
        assert time.monotonic() - started < 15
        dovecot.deliver(user, mail("Taken over"))
        collected.wait_for("Taken over")


def test_a_holder_that_wakes_up_late_writes_nothing(dovecot: Dovecot, connect_mailbox: Connect) -> None:
    user = dovecot.add_user("late@example.com")
    mailbox = connect_mailbox(dovecot, user)
    stale: list[BaseException] = []
    asleep, awake = threading.Event(), threading.Event()
    writes = Collected()

    def sleepy(read: Mailbox, fetched: Sequence[Fetched]) -> int:
        asleep.set()
        awake.wait(20)
        try:
            return writes(read, fetched)
        except LeaseLostError as error:
            stale.append(error)
            raise

    stop = threading.Event()

    def run() -> None:
        try:
            Warden(sleepy).run(stop)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    wait_watched(mailbox)
    dovecot.deliver(user, mail("Late"))
    assert asleep.wait(20)
    with organisation_scope(mailbox.organisation_id):  # as after the lease ran out and another holder took it
        Mailbox.objects.filter(pk=mailbox.pk).update(lease_holder="other", lease_number=mailbox.lease_number + 7)
    awake.set()
    wait_for(lambda: stale, "the late holder to be refused")
    wait_for(lambda: not [t for t in threading.enumerate() if t.name == f"mailbox-{mailbox.pk}"], "its thread to end")
    stop.set()
    thread.join(20)
    assert writes.all == []
    assert fresh(mailbox).lease_holder == "other", "the lease of the other is left alone"
