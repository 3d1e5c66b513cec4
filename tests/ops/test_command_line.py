"""The `caseway` command as people and mail servers use it: as a process, with its exit codes."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from caseway.accounts.models import Employee, Organisation
from caseway.accounts.scope import every_organisation, organisation_scope
from caseway.cases.models import Message
from caseway.intake.models import InboundEmail
from caseway.intake.process import process_pending
from caseway.intake.receive import receive_piped
from caseway.ops.configuration import SETTINGS
from tests.ops.conftest import Run

MAIL = b"From: Parker <parker@example.com>\r\nTo: help@fieldnote.example\r\nSubject: Pole\r\n\r\nIt broke.\r\n"


@pytest.fixture
def slow_passwords(settings: Any) -> None:
    """As in production: the command hashes with the hasher that the pages check with."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]


@pytest.fixture
def fieldnote(transactional_db: None) -> Organisation:
    with every_organisation():
        return Organisation.objects.create(name="Fieldnote", slug="fieldnote")


def test_settings_lists_every_setting_with_its_meaning(caseway: Run) -> None:
    shown = caseway("settings").stdout
    for setting in SETTINGS:
        assert setting.name in shown
        assert setting.meaning in shown


def test_settings_keeps_secrets(caseway: Run) -> None:
    shown = caseway("settings", "--values", CASEWAY_METRICS_TOKEN="hunter2").stdout
    assert "hunter2" not in shown
    assert "(set, kept secret)" in shown


def test_explain_loads_neither_django_nor_a_database_driver(tmp_path: Path) -> None:
    (tmp_path / "one.eml").write_bytes(MAIL)
    program = (
        "import sys; sys.argv = ['caseway', 'explain', sys.argv[1]]\n"
        "from caseway.ops.command_line import main\n"
        "try: main()\n"
        "finally: print(sorted({'django', 'psycopg'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "one.eml")], capture_output=True, text=True, check=False
    )
    line, loaded = done.stdout.splitlines()
    assert '"from_email": "parker@example.com"' in line
    assert loaded == "[]"


def test_explain_of_a_missing_file_says_so(caseway: Run) -> None:
    done = caseway("explain", "no-such.eml")
    assert done.returncode == 1
    assert "no-such.eml" in done.stderr


def test_unknown_option_is_a_usage_error_for_mail_servers_too(caseway: Run) -> None:
    assert caseway("plan", "--bogus").returncode == 2
    assert caseway("intake", "--bogus").returncode == 64


def test_intake_keeps_a_mail(caseway_here: Run, fieldnote: Organisation) -> None:
    done = caseway_here("intake", "--recipient", "help@fieldnote.example", stdin=MAIL)
    assert done.returncode == 0, done.stderr
    with every_organisation():
        [row] = InboundEmail.objects.all()
        assert row.raw.content() == MAIL
        assert (row.organisation, row.delivered_to) == (fieldnote, "help@fieldnote.example")


def test_intake_without_a_mail_is_a_data_error(caseway: Run) -> None:
    done = caseway("intake")
    assert done.returncode == 65
    assert "Nothing came on standard input" in done.stderr


def test_intake_with_several_organisations_asks_for_one(caseway_here: Run, fieldnote: Organisation) -> None:
    with every_organisation():
        Organisation.objects.create(name="Other", slug="other")
    done = caseway_here("intake", stdin=MAIL)
    assert done.returncode == 64
    assert "fieldnote, other" in done.stderr
    assert caseway_here("intake", "--organisation", "other", stdin=MAIL).returncode == 0
    with every_organisation():
        assert [row.organisation.slug for row in InboundEmail.objects.all()] == ["other"]


def test_intake_with_an_unusable_key_file_asks_the_mail_server_to_try_again(caseway: Run, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "secret.key").write_text("no key\n")
    assert caseway("intake", stdin=MAIL, CASEWAY_DATA=str(tmp_path / "broken")).returncode == 75


def test_intake_without_a_database_asks_the_mail_server_to_try_again(caseway: Run) -> None:
    done = caseway("intake", stdin=MAIL, DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert done.returncode == 75
    assert "does not answer" in done.stderr


def test_plan_is_shown_and_changed(caseway_here: Run, fieldnote: Organisation) -> None:
    assert "fieldnote\tEnterprise\tFieldnote" in caseway_here("plan").stdout
    assert caseway_here("plan", "fieldnote", "Lite").stdout == "Fieldnote is on Lite.\n"
    with every_organisation():
        fieldnote.refresh_from_db()
    assert fieldnote.plan == "lite"
    wrong = caseway_here("plan", "fieldnote", "gold")
    assert wrong.returncode == 2
    assert "premium" in wrong.stderr
    assert "There are: fieldnote" in caseway_here("plan", "nobody", "lite").stderr


def test_admin_makes_the_first_organisation_and_lets_a_locked_out_one_in_again(
    caseway_here: Run, slow_passwords: None
) -> None:
    who = ["--email", "maya@fieldnote.example", "--name", "Maya Lindqvist", "--organisation", "Fieldnote"]
    done = caseway_here("admin", *who, CASEWAY_ADMIN_PASSWORD="a long enough one 1")
    assert done.stdout == "Maya Lindqvist is an administrator of Fieldnote.\n", done.stderr
    with every_organisation():
        maya = Employee.objects.get()
        assert maya.check_password("a long enough one 1")
        assert maya.is_administrator
        maya.is_active = False
        maya.save()
    again = caseway_here("admin", *who, "--generate-password").stdout
    with every_organisation():
        maya = Employee.objects.get()
        assert maya.is_administrator
        assert maya.check_password(again.split("Password: ")[1].strip())


def test_admin_refuses_a_weak_password(caseway_here: Run) -> None:
    done = caseway_here("admin", "--email", "a@b.example", "--name", "A", "--password", "12345")
    assert done.returncode == 2
    assert "too weak" in done.stderr


def test_doctor_names_what_is_broken_and_how_to_mend_it(caseway_here: Run) -> None:
    done = caseway_here("doctor")
    assert done.returncode == 1
    assert "✓ All migrations are applied" in done.stdout
    assert "plain role caseway_app" in done.stdout
    assert "`caseway watch` does not run: no mailbox is read\n  → Start it" in done.stdout


def test_doctor_and_migrate_on_an_embedded_server_of_their_own(caseway: Run, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    before = caseway("doctor")
    assert before.returncode == 1
    assert "→ Run: caseway migrate" in before.stdout
    assert "Applied" in caseway("migrate").stdout
    assert caseway("migrate").stdout == "The database is up to date.\n"
    assert "✓ All migrations are applied" in caseway("doctor").stdout
    assert oct((tmp_path / "data" / "secret.key").stat().st_mode)[-3:] == "600"
    from caseway.ops.commands.database import embedded

    embedded(tmp_path / "data").remove()


def test_processes_without_a_database_say_what_to_do(caseway: Run) -> None:
    done = caseway("web")
    assert done.returncode == 1
    assert "caseway up" in done.stderr


def test_replay_says_what_would_be_otherwise_and_applies_it(caseway_here: Run, fieldnote: Organisation) -> None:
    with organisation_scope(fieldnote.pk):
        receive_piped(fieldnote, MAIL, "help@fieldnote.example")
    process_pending()
    assert "1 mails read again, 0 come out otherwise." in caseway_here("replay").stdout
    with every_organisation():
        Message.objects.update(new_text="cut short")
    shown = caseway_here("replay", "--since", "2020-01-01").stdout
    assert "New text: “cut short” ⇒ “It broke.”" in shown and "1 come out otherwise" in shown
    assert '"what": "New text"' in caseway_here("replay", "--json").stdout
    assert "Rewritten in CW-1." in caseway_here("replay", "--apply").stdout
    with every_organisation():
        assert Message.objects.get().new_text == "It broke."
    assert "is no day" in caseway_here("replay", "--until", "soon").stderr
    assert "no mailbox" in caseway_here("replay", "--mailbox", "x@y.example").stderr
