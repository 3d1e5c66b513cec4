"""New mail arrives, whatever happens to server, connection and settings."""

import datetime as dt
import imaplib
import os
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import connection

from caseway.accounts.bell import ring
from caseway.accounts.scope import organisation_scope
from caseway.mailboxes import folder, watcher
from caseway.mailboxes.models import FolderCursor, Mailbox
from tests.mailboxes.conftest import Collected, fresh, mail, wait_watched, watching
from tests.servers.dovecot import Dovecot
from tests.servers.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

Connect = Callable[..., Mailbox]


def change(mailbox: Mailbox, **values: Any) -> None:
    with organisation_scope(mailbox.organisation_id):
        Mailbox.objects.filter(pk=mailbox.pk).update(**values)
        ring("mailboxes")


@pytest.mark.parametrize("security", ["tls", "starttls", "plain"])
def test_new_mail_is_delivered_byte_for_byte(
    security: str, dovecot: Dovecot, connect_mailbox: Connect, collected: Collected
) -> None:
    user = dovecot.add_user(f"new-{security}@example.com")
    dovecot.deliver(user, mail("Old"))
    port = dovecot.tls_port if security == "tls" else dovecot.port
    mailbox = connect_mailbox(dovecot, user, imap_port=port, imap_security=security)
    with watching(collected):
        wait_watched(mailbox)
        dovecot.deliver(user, mail("First"))
        collected.wait_for("First")
        dovecot.deliver(user, mail("Second"))
        collected.wait_for("Second")
    assert collected.subjects == ["First", "Second"]
    assert collected.all[0].raw == mail("First")
    assert all(not stored.flags for stored in dovecot.messages(user)), "the mailbox must stay as it was"
    assert fresh(mailbox).watched_by == ""
    assert fresh(mailbox).lease_until is None


def test_server_without_idle_is_polled(
    dovecot_without_idle: Dovecot, connect_mailbox: Connect, collected: Collected, settings: Any
) -> None:
    settings.CASEWAY_POLL_SECONDS = 0.1
    user = dovecot_without_idle.add_user("polled@example.com")
    mailbox = connect_mailbox(dovecot_without_idle, user)
    with watching(collected):
        wait_watched(mailbox, "polling")
        dovecot_without_idle.deliver(user, mail("Polled"))
        collected.wait_for("Polled")


def test_mail_that_came_while_nobody_watched_is_delivered_in_order(
    dovecot: Dovecot, connect_mailbox: Connect, collected: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "WINDOW", 7)
    monkeypatch.setattr(folder, "BATCH_COUNT", 3)
    user = dovecot.add_user("away@example.com")
    mailbox = connect_mailbox(dovecot, user)
    with watching(collected):
        wait_watched(mailbox)
    for number in range(20):
        dovecot.deliver(user, mail(f"Away {number}"))
    with watching(collected):
        collected.wait_for("Away 19")
    assert collected.subjects == [f"Away {number}" for number in range(20)]


def test_mail_of_a_week_in_which_nobody_watched_arrives_whatever_its_date_says(
    dovecot: Dovecot, connect_mailbox: Connect, collected: Collected
) -> None:
    user = dovecot.add_user("week@example.com")
    mailbox = connect_mailbox(dovecot, user)
    with watching(collected):
        wait_watched(mailbox)
    with dovecot.connect(user) as other:
        for days in (7, 3, 400, 0):
            when = dt.datetime.now(dt.UTC) - dt.timedelta(days=days)
            other.append("INBOX", None, imaplib.Time2Internaldate(when), mail(f"Days {days}"))  # type: ignore[arg-type]
    with watching(collected):
        collected.wait_for("Days 0")
    assert collected.subjects == ["Days 7", "Days 3", "Days 400", "Days 0"]


def test_messages_read_elsewhere_are_delivered_too(
    dovecot: Dovecot, connect_mailbox: Connect, collected: Collected
) -> None:
    user = dovecot.add_user("seen@example.com")
    mailbox = connect_mailbox(dovecot, user)
    with watching(collected):
        wait_watched(mailbox)
    with dovecot.connect(user) as other:
        other.append("INBOX", r"(\Seen)", None, mail("Read already"))  # type: ignore[arg-type]
    with watching(collected):
        collected.wait_for("Read already")


def test_several_folders(dovecot: Dovecot, connect_mailbox: Connect, collected: Collected, settings: Any) -> None:
    settings.CASEWAY_POLL_SECONDS = 0.1
    user = dovecot.add_user("folders@example.com")
    with dovecot.connect(user) as other:
        other.create("Büro".encode("utf-7").decode().replace("+", "&"))
        other.create("Second")
    mailbox = connect_mailbox(dovecot, user, folders=["INBOX", "Second", "Büro"])
    with watching(collected):
        wait_watched(mailbox)
        dovecot.deliver(user, mail("In second"), "Second")
        dovecot.deliver(user, mail("In inbox"))
        dovecot.deliver(user, mail("In office"), "B&APw-ro")
        collected.wait_for("In second", "In inbox", "In office")
    assert {one.folder for one in collected.all} == {"INBOX", "Second", "Büro"}


def test_mail_in_a_second_folder_does_not_wait_for_the_next_poll(
    dovecot: Dovecot, connect_mailbox: Connect, collected: Collected, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CASEWAY_POLL_SECONDS = 600
    monkeypatch.setattr(watcher, "SWEEP_SECONDS", 0.2)
    user = dovecot.add_user("sweep@example.com")
    with dovecot.connect(user) as other:
        other.create("Second")
    mailbox = connect_mailbox(dovecot, user, folders=["INBOX", "Second"])
    with watching(collected):
        wait_watched(mailbox)
        for number in range(3):
            dovecot.deliver(user, mail(f"Second {number}"), "Second")
            collected.wait_for(f"Second {number}")
            dovecot.deliver(user, mail(f"First {number}"))
            collected.wait_for(f"First {number}")
    assert len(collected.all) == 6


def test_restart_of_the_server_loses_nothing(
    own_dovecot: Callable[..., Dovecot], connect_mailbox: Connect, collected: Collected
) -> None:
    server = own_dovecot()
    user = server.add_user("restart@example.com")
    mailbox = connect_mailbox(server, user)
    with watching(collected):
        wait_watched(mailbox)
        server.stop()
        wait_for(lambda: fresh(mailbox).error_cause, "the fault to be shown")
        server.start()
        server.deliver(user, mail("After restart"))
        collected.wait_for("After restart")
        wait_for(lambda: not fresh(mailbox).error_cause, "the fault to be gone")


def test_cut_connections_come_back(
    own_dovecot: Callable[..., Dovecot], connect_mailbox: Connect, collected: Collected
) -> None:
    server = own_dovecot()
    user = server.add_user("cut@example.com")
    mailbox = connect_mailbox(server, user)
    with watching(collected):
        wait_watched(mailbox)
        for number in range(3):
            server.cut_connections()
            server.deliver(user, mail(f"Cut {number}"))
            collected.wait_for(f"Cut {number}")
    assert collected.subjects == ["Cut 0", "Cut 1", "Cut 2"]


def test_new_uidvalidity_reads_again_what_came_since_the_connection(
    own_dovecot: Callable[..., Dovecot], connect_mailbox: Connect, collected: Collected
) -> None:
    server = own_dovecot()
    user = server.add_user("validity@example.com")
    with server.connect(user) as other:
        other.append("INBOX", "", '"01-Jan-2020 10:00:00 +0000"', mail("Ancient"))
    mailbox = connect_mailbox(server, user)
    with watching(collected):
        wait_watched(mailbox)
        server.deliver(user, mail("Before"))
        collected.wait_for("Before")
    server.stop()
    server.forget_uids(user)
    server.start()
    server.deliver(user, mail("Meanwhile"))
    with watching(collected):
        collected.wait_for("Meanwhile")
        server.deliver(user, mail("Later"))
        collected.wait_for("Later")
    assert collected.subjects == ["Before", "Before", "Meanwhile", "Later"]
    assert len({one.uidvalidity for one in collected.all}) == 2


def test_large_messages_come_in_pieces_and_whole(
    dovecot: Dovecot, connect_mailbox: Connect, collected: Collected
) -> None:
    user = dovecot.add_user("large@example.com")
    mailbox = connect_mailbox(dovecot, user)
    big = mail("Big", size=11_000_000)
    with watching(collected):
        wait_watched(mailbox)
        dovecot.deliver(user, big)
        collected.wait_for("Big")
    assert collected.all[0].raw == big


def test_too_large_a_message_is_delivered_by_its_beginning(
    dovecot: Dovecot, connect_mailbox: Connect, collected: Collected, settings: Any
) -> None:
    settings.CASEWAY_LARGEST_MAIL = 2_000_000
    user = dovecot.add_user("toolarge@example.com")
    mailbox = connect_mailbox(dovecot, user)
    raw = (
        b'From: a@example.com\r\nSubject: Film\r\nContent-Type: multipart/mixed; boundary="xyz"\r\n\r\n'
        b"--xyz\r\nContent-Type: text/plain\r\n\r\nSee the film.\r\n--xyz\r\nContent-Type: video/mp4\r\n\r\n"
        + b"A" * 76 * 40_000
        + b"\r\n--xyz--\r\n"
    )
    with watching(collected):
        wait_watched(mailbox)
        dovecot.deliver(user, raw)
        collected.wait_for("Film")
    [one] = collected.all
    assert one.size_on_server == len(raw)
    assert one.raw.endswith(b"See the film.\r\n--xyz--\r\n")


def test_wrong_password_stops_the_mailbox_and_tells_once(
    dovecot: Dovecot, connect_mailbox: Connect, collected: Collected
) -> None:
    user = dovecot.add_user("refused@example.com")
    mailbox = connect_mailbox(dovecot, user, password="battery staple")
    told: list[str] = []
    with watching(collected, lambda stopped: told.append(stopped.error_cause)):
        wait_for(lambda: fresh(mailbox).state == "stopped", "the mailbox to stop")
        wait_for(lambda: told, "the owner to be told")
        stopped = fresh(mailbox)
        assert "refused this login name and password" in stopped.error_cause
        assert "AUTHENTICATIONFAILED" in stopped.error_line
        assert "battery staple" not in stopped.error_line
        change(mailbox, state="active", password="correct horse", error_cause="")
        wait_watched(mailbox)
        dovecot.deliver(user, mail("Mended"))
        collected.wait_for("Mended")
    assert len(told) == 1


def test_missing_folder_is_named_and_tried_again(
    dovecot: Dovecot, connect_mailbox: Connect, collected: Collected
) -> None:
    user = dovecot.add_user("missing@example.com")
    mailbox = connect_mailbox(dovecot, user, folders=["Support"])
    with watching(collected):
        wait_for(lambda: fresh(mailbox).error_cause, "the fault to be shown")
        assert "no folder “Support”" in fresh(mailbox).error_cause
        assert "“Sent”" in fresh(mailbox).error_fix
        assert fresh(mailbox).state == "active"
        with dovecot.connect(user) as other:
            other.create("Support")
        wait_watched(mailbox)


def test_a_missing_folder_does_not_hold_up_the_others(
    dovecot: Dovecot, connect_mailbox: Connect, collected: Collected, settings: Any
) -> None:
    settings.CASEWAY_POLL_SECONDS = 0.1
    user = dovecot.add_user("partly@example.com")
    mailbox = connect_mailbox(dovecot, user, folders=["Later", "INBOX"])
    with watching(collected):
        wait_watched(mailbox)
        assert "no folder “Later”" in fresh(mailbox).error_cause
        dovecot.deliver(user, mail("In inbox"))
        collected.wait_for("In inbox")
        with dovecot.connect(user) as other:
            other.create("Later")
        wait_for(lambda: not fresh(mailbox).error_cause, "the folder to be found")
        dovecot.deliver(user, mail("In later"), "Later")
        collected.wait_for("In later")


def test_pause_delete_and_change_are_noticed_at_once(
    dovecot: Dovecot, connect_mailbox: Connect, collected: Collected, organisation: Any
) -> None:
    first, second = dovecot.add_user("first@example.com"), dovecot.add_user("second@example.com")
    mailbox = connect_mailbox(dovecot, first)
    with watching(collected):
        wait_watched(mailbox)
        change(mailbox, state="paused")
        wait_for(lambda: fresh(mailbox).watched_by == "", "the pause to be noticed")
        dovecot.deliver(first, mail("While paused"))
        change(mailbox, state="active")
        collected.wait_for("While paused")
        other = connect_mailbox(dovecot, second)
        with organisation_scope(organisation.pk):
            ring("mailboxes")
        wait_watched(other)
        change(mailbox, folders=["Sent"])
        wait_for(lambda: [c for c in cursors(mailbox) if c.folder == "Sent"], "the other folder to be read")
        dovecot.deliver(first, mail("In sent"), "Sent")
        collected.wait_for("In sent")


def test_failed_delivery_is_repeated_without_a_gap(
    dovecot: Dovecot, connect_mailbox: Connect, collected: Collected
) -> None:
    user = dovecot.add_user("again@watch.example")
    mailbox = connect_mailbox(dovecot, user)
    with watching(collected):
        wait_watched(mailbox)
        collected.fail_with = [OSError("disk full"), OSError("disk full")]
        for number in range(3):
            dovecot.deliver(user, mail(f"Kept {number}"))
        collected.wait_for("Kept 2")
    assert collected.subjects == ["Kept 0", "Kept 1", "Kept 2"]


def test_a_message_that_the_server_does_not_hand_over_holds_nothing_up(
    own_dovecot: Callable[..., Dovecot], connect_mailbox: Connect, collected: Collected
) -> None:
    server = own_dovecot()
    user = server.add_user("poison@example.com")
    mailbox = connect_mailbox(server, user)
    with watching(collected):
        wait_watched(mailbox)
    for number in range(5):
        server.deliver(user, mail(f"Poison {number}"))
    files = (server.folder / "mail" / user / "Maildir").glob("???/*")
    [broken] = [path for path in files if path.is_file() and b"Poison 2" in path.read_bytes()]
    broken.chmod(0)
    if os.geteuid() == 0:
        os.chown(broken, 0, 0)
    with watching(collected):
        collected.wait_for("Poison 4")
    note = "A message that the mail server does not hand over"
    assert collected.subjects == ["Poison 0", "Poison 1", note, "Poison 3", "Poison 4"]
    assert [one.fault for one in collected.all] == ["", "", "not handed over", "", ""]


def test_a_database_that_drops_every_connection_loses_nothing(
    dovecot: Dovecot, connect_mailbox: Connect, collected: Collected, database_url: str
) -> None:
    user = dovecot.add_user("database@example.com")
    mailbox = connect_mailbox(dovecot, user)
    with watching(collected):
        wait_watched(mailbox)
        for number in range(3):
            with psycopg.connect(database_url, autocommit=True) as owner:
                owner.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            dovecot.deliver(user, mail(f"Dropped {number}"))
            collected.wait_for(f"Dropped {number}")
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # dead connections in it are not for the next test
    assert collected.subjects == [f"Dropped {number}" for number in range(3)]


@pytest.mark.parametrize("action", ["mark_read", "move", "delete"])
def test_after_processing_only_what_the_settings_ask(
    action: str, dovecot: Dovecot, connect_mailbox: Connect, collected: Collected
) -> None:
    user = dovecot.add_user(f"after-{action}@example.com")
    dovecot.deliver(user, mail("History"))
    mailbox = connect_mailbox(dovecot, user, after_processing=action, move_to_folder="Sent")
    with watching(collected):
        wait_watched(mailbox)
        dovecot.deliver(user, mail("Done"))
        collected.wait_for("Done")

        def done() -> bool:
            inbox = dovecot.messages(user)
            if action == "mark_read":
                return [stored.flags for stored in inbox] == [(), (r"\Seen",)]
            moved = [stored.raw for stored in dovecot.messages(user, "Sent")] == [mail("Done")]
            return len(inbox) == 1 and (moved or action == "delete")

        wait_for(done, action)
        dovecot.deliver(user, mail("Next"))
        collected.wait_for("Next")


def test_what_a_killed_watcher_did_not_get_to_is_done_by_the_next(
    dovecot: Dovecot, connect_mailbox: Connect, collected: Collected
) -> None:
    user = dovecot.add_user("unsettled@example.com")
    mailbox = connect_mailbox(dovecot, user)
    with watching(collected):
        wait_watched(mailbox)
        dovecot.deliver(user, mail("Kept, and then it died"))
        collected.wait_for("Kept, and then it died")
    with organisation_scope(mailbox.organisation_id):
        FolderCursor.objects.filter(mailbox=mailbox).update(unsettled=[1])
        Mailbox.objects.filter(pk=mailbox.pk).update(after_processing="delete")
    with watching(collected):
        wait_for(lambda: not dovecot.messages(user), "the original to be deleted")
        wait_for(lambda: [cursor.unsettled for cursor in cursors(mailbox)] == [[]], "that to be written down")


def cursors(mailbox: Mailbox) -> list[FolderCursor]:
    with organisation_scope(mailbox.organisation_id):
        return list(FolderCursor.objects.filter(mailbox=mailbox))
