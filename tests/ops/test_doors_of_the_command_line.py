"""`caseway lmtp` and `caseway import-history` as processes of their own."""

import os
import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from caseway.accounts.scope import every_organisation
from caseway.intake.models import HistoryImport, InboundEmail
from caseway.mailboxes.models import Mailbox
from tests.companies import Company, make_company
from tests.mailboxes.conftest import mail
from tests.mailboxes.test_history import cursor_here
from tests.servers.certificates import TestAuthority
from tests.servers.dovecot import Dovecot
from tests.servers.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def fieldnote(transactional_db: None) -> Company:
    return make_company()


@pytest.fixture
def environment(database_url: str, authority: TestAuthority) -> dict[str, str]:
    name = connection.settings_dict["NAME"]
    return {
        **os.environ,
        "DATABASE_URL": database_url_of(database_url, str(name)),
        "CASEWAY_CA_FILE": str(authority.ca_file),
        "CASEWAY_PRIVATE_HOSTS": "127.0.0.0/8 ::1/128",
    }


def database_url_of(server: str, name: str) -> str:
    head, _, query = server.partition("?")
    return f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")


@pytest.fixture
def lmtp(environment: dict[str, str], tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    path = tmp_path / "lmtp.sock"
    process = subprocess.Popen(
        [sys.executable, "-m", "caseway.ops", "lmtp", "--listen", str(path)], env=environment, stderr=subprocess.PIPE
    )
    wait_for(lambda: path.exists() or process.poll() is not None, "the socket", 30)
    assert process.poll() is None, process.stderr.read().decode() if process.stderr else ""
    yield process, path
    process.kill()
    process.wait()


def test_lmtp_keeps_a_mail_and_ends_when_it_is_told(
    fieldnote: Company, lmtp: tuple[subprocess.Popen[bytes], Path]
) -> None:
    process, path = lmtp
    with smtplib.LMTP(str(path)) as client:
        assert client.sendmail("parker@example.com", ["support@fieldnote.example"], mail("By LMTP")) == {}
    with every_organisation():
        assert InboundEmail.objects.get().door == "lmtp"
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def test_history_is_imported_from_the_command_line(
    fieldnote: Company, environment: dict[str, str], dovecot: Dovecot
) -> None:
    user = dovecot.add_user("cli-history@example.com")
    for number in range(3):
        dovecot.deliver(user, mail(f"Old {number}", to=user))
    with every_organisation():
        values: dict[str, Any] = {"address": user, "login": user, "password": "correct horse", "imap_host": "localhost"}
        Mailbox.objects.filter(pk=fieldnote.mailbox.pk).update(imap_port=dovecot.tls_port, **values)
        fieldnote.mailbox.refresh_from_db()
    cursor_here(dovecot, fieldnote.mailbox)
    command = [sys.executable, "-m", "caseway.ops", "import-history"]
    done = subprocess.run([*command, user], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "3 of 3 messages, 3 new" in done.stdout
    with every_organisation():
        assert HistoryImport.objects.get().state == "done"
        assert InboundEmail.objects.filter(is_history=True).count() == 3
    wrong = subprocess.run([*command, "x@y"], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert wrong.returncode == 2 and user in wrong.stderr
