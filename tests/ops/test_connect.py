"""`caseway connect` on real servers: step by step, saved only when all works, and never below Premium."""

from collections.abc import Callable

import pytest

from caseway.accounts.models import Employee, Organisation, Role
from caseway.accounts.scope import every_organisation
from caseway.mailboxes.models import Mailbox, SupportAddress
from tests.ops.conftest import Run
from tests.servers.certificates import TestAuthority
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpServer


@pytest.fixture
def people(transactional_db: None) -> Organisation:
    with every_organisation():
        organisation = Organisation.objects.create(name="Fieldnote", slug="fieldnote")
        make = Employee.objects.create_employee
        make(organisation, "maya@fieldnote.example", "Maya Lindqvist", Role.ADMINISTRATOR)
        make(organisation, "dana@fieldnote.example", "Dana Whitfield", Role.AGENT)
    return organisation


@pytest.fixture
def connect(
    caseway_here: Run, dovecot: Dovecot, make_smtp_server: Callable[..., SmtpServer], authority: TestAuthority
) -> Callable[..., object]:
    user = dovecot.add_user("orders@fieldnote.example")
    smtp = make_smtp_server(security="tls", deliver=dovecot.deliver)

    def run(*more: str, password: str = "correct horse") -> object:
        return caseway_here(
            "connect", user, "--imap-host", "localhost", "--imap-port", str(dovecot.tls_port), "--smtp-host",
            "localhost", "--smtp-port", str(smtp.port), *more, CASEWAY_MAILBOX_PASSWORD=password,
            CASEWAY_PRIVATE_HOSTS="127.0.0.0/8,::1/128", CASEWAY_CA_FILE=str(authority.ca_file),
        )  # fmt: skip

    return run


def test_an_address_is_connected_step_by_step(connect: Callable[..., object], people: Organisation) -> None:
    done = connect("--assigned-to", "DANA@fieldnote.example", "--add-to-cc")
    assert done.returncode == 0, done.stdout + done.stderr
    for step in ("DNS", "TCP", "TLS", "Login", "Folders", "IDLE", "Send test"):
        assert f"✓ {step}" in done.stdout
    with every_organisation():
        row = SupportAddress.objects.select_related("assigned_employee").get()
        assert (row.address, row.add_to_cc, row.from_email_id) == ("orders@fieldnote.example", True, False)
        assert row.assigned_employee is not None
        assert row.assigned_employee.name == "Dana Whitfield"


def test_a_wrong_password_is_explained_and_nothing_is_saved(
    connect: Callable[..., object], people: Organisation
) -> None:
    done = connect(password="wrong")
    assert done.returncode == 1
    assert "✗ Login" in done.stdout
    assert "Nothing was saved" in done.stderr
    assert "Traceback" not in done.stderr
    with every_organisation():
        assert not Mailbox.objects.exists()


def test_an_organisation_on_lite_connects_nothing(connect: Callable[..., object], people: Organisation) -> None:
    with every_organisation():
        Organisation.objects.update(plan="lite")
    done = connect()
    assert done.returncode == 1
    assert "Premium" in done.stderr
    with every_organisation():
        assert not Mailbox.objects.exists()


def test_an_unknown_employee_is_named_with_those_there_are(
    connect: Callable[..., object], people: Organisation
) -> None:
    done = connect("--assigned-to", "nobody@x.example")
    assert done.returncode == 2
    assert "dana@fieldnote.example" in done.stderr
