"""The Add form: what it takes, what it says of mistakes, and how it keeps passwords."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import QueryDict

from caseway.accounts.models import Employee, Organisation, Team
from caseway.accounts.scope import organisation_scope
from caseway.mailboxes.form import AccountForm, needs_authentication, validate
from caseway.mailboxes.models import Mailbox, SupportAddress

pytestmark = pytest.mark.django_db(transaction=True)

GIVEN = {"address": "help@fieldnote.example", "password": "s3cret", "imap_host": "imap.fieldnote.example"}


@pytest.fixture(autouse=True)
def scope(organisation: Organisation) -> Any:
    with organisation_scope(organisation.pk):
        yield


@pytest.fixture
def row(organisation: Organisation) -> SupportAddress:
    mailbox = Mailbox.objects.create(
        organisation=organisation,
        address="help@fieldnote.example",
        login="help@fieldnote.example",
        password="s3cret",
        imap_host="imap.fieldnote.example",
        smtp_host="smtp.fieldnote.example",
        smtp_login="relay",
        smtp_password="relay-s3cret",
    )
    return SupportAddress.objects.create(
        organisation=organisation, mailbox=mailbox, address="help@fieldnote.example", add_to_cc=True
    )


def errors(**values: Any) -> dict[str, str]:
    found = validate({**GIVEN, **values})
    assert isinstance(found, dict), found
    return found


def accepted(values: dict[str, Any], row: SupportAddress | None = None) -> AccountForm:
    found = validate(values, row)
    assert isinstance(found, AccountForm), found
    return found


def test_the_least_that_is_needed_and_its_defaults() -> None:
    form = accepted(GIVEN)
    assert form == AccountForm(
        address="help@fieldnote.example",
        password="s3cret",
        addressed_to="help@fieldnote.example",
        imap_host="imap.fieldnote.example",
    )
    assert (form.imap_port, form.imap_security, form.from_email_id, form.add_to_cc) == (993, "tls", False, False)
    assert (form.login_name, form.watched_folders) == ("help@fieldnote.example", ("INBOX",))
    assert "s3cret" not in repr(form)
    assert not {"password", "smtp_password"} & set(form.shown())
    assert AccountForm.from_json(form.to_json()) == form


def test_a_posted_form_with_every_field(organisation: Organisation, administrator: Employee) -> None:
    team = Team.objects.create(organisation=organisation, name="Repairs")
    posted = QueryDict(
        "address=box@f.example&password=p&addressed_to=Support@f.example&imap_host=IMAP.f.example.&imap_port=143"
        "&from_email_id=on&add_to_cc=off&add_to_cc=on&login=box&folders=INBOX&folders=B%C3%BCro&aliases=a@f.example,+b@f.example"
        f"&is_default=yes&display_name=Field+note&acknowledges=off&assigned_to=team:{team.pk}"
        "&smtp_host=smtp.f.example&smtp_port=587&smtp_login=out&smtp_password=q&after_processing=move&move_to_folder=Done"
    )
    form = accepted(posted)
    assert form == AccountForm(
        address="box@f.example",
        password="p",
        addressed_to="Support@f.example",
        imap_host="imap.f.example",
        imap_port=143,
        imap_security="starttls",
        assigned_team=team.pk,
        from_email_id=True,
        add_to_cc=True,
        login="box",
        folders=("INBOX", "Büro"),
        aliases=("a@f.example", "b@f.example"),
        is_default=True,
        display_name="Field note",
        acknowledges=False,
        smtp_host="smtp.f.example",
        smtp_port=587,
        smtp_security="starttls",
        smtp_login="out",
        smtp_password="q",
        after_processing="move",
        move_to_folder="Done",
    )
    assert accepted({**GIVEN, "assigned_to": f"employee:{administrator.pk}"}).assigned_employee == administrator.pk


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("address", "", "Enter the email address"),
        ("address", "help", "not an email address"),
        ("address", "a@b.example\r\nBcc: x@y.example", "not an email address|control characters"),
        ("address", "a" * 400 + "@b.example", "At most 320|not an email"),
        ("addressed_to", "<x@y>", "not an email address"),
        ("password", "", "Enter the password"),
        ("password", "a\r\nb", "line breaks"),
        ("imap_host", "", "Enter the name of the IMAP server"),
        ("imap_host", "https://imap.example.com/", "name alone"),
        ("imap_host", "imap example", "name alone"),
        ("imap_host", "-imap.example", "name alone"),
        ("imap_port", "0", "1 to 65535"),
        ("imap_port", "99999", "1 to 65535"),
        ("imap_port", "٣", "1 to 65535"),
        ("imap_security", "ssl3", "Choose one of"),
        ("folders", ["a\0b"], "control characters"),
        ("aliases", "one, two", "not an email address"),
        ("from_email_id", "perhaps", "on or off"),
        ("assigned_to", "employee:999999", "not part of your organisation"),
        ("assigned_to", "employee:1;drop", "from the list"),
        ("assigned_team", "x", "from the list"),
        ("after_processing", "burn", "Choose one of"),
        ("trusted_authserv", "mx.example.com; dmarc=pass", "one name"),
        ("after_processing", "move", ""),
        ("display_name", "a\nBcc: b", "control characters"),
    ],
)
def test_mistakes_are_named(field: str, value: Any, words: str) -> None:
    import re

    found = errors(**{field: value})
    key = "move_to_folder" if value == "move" else "assigned_team" if field == "assigned_team" else field
    assert re.search(words, found[key]), found


def test_an_employee_of_another_organisation_is_none(organisation: Organisation) -> None:
    from caseway.accounts.scope import every_organisation

    with every_organisation():
        other = Organisation.objects.create(name="Other", slug="other")
        stranger = Employee.objects.create_employee(other, "x@other.example", "X", "agent")
    assert "assigned_to" in errors(assigned_to=f"employee:{stranger.pk}")


def test_editing_keeps_what_is_not_named_and_the_stored_passwords(row: SupportAddress) -> None:
    form = accepted({"display_name": "Help desk", "password": "", "smtp_password": ""}, row)
    assert (form.password, form.smtp_password, form.add_to_cc) == ("s3cret", "relay-s3cret", True)
    assert not needs_authentication(form, row)
    assert needs_authentication(accepted({"password": "new"}, row), row)


@pytest.mark.parametrize(
    "values",
    [
        {"imap_host": "imap.evil.example"},
        {"imap_port": "143"},
        {"imap_security": "plain"},
        {"login": "somebody"},
        {"address": "other@fieldnote.example"},
    ],
)
def test_a_changed_server_demands_the_password_again(values: dict[str, str], row: SupportAddress) -> None:
    found = validate(values, row)
    assert isinstance(found, dict)
    assert "again" in found["password"]
    assert accepted({**values, "password": "again"}, row).password == "again"


@pytest.mark.parametrize("values", [{"smtp_host": "smtp.evil.example"}, {"smtp_port": "2525"}, {"smtp_login": "other"}])
def test_a_changed_outgoing_server_demands_its_password_again(values: dict[str, str], row: SupportAddress) -> None:
    found = validate(values, row)
    assert isinstance(found, dict)
    assert "again" in found["smtp_password"]


def test_the_accounts_password_does_not_travel_to_a_new_outgoing_server(row: SupportAddress) -> None:
    Mailbox.objects.update(smtp_host="", smtp_login="", smtp_password="")
    row.refresh_from_db()
    found = validate({"smtp_host": "smtp.evil.example"}, row)
    assert isinstance(found, dict)
    assert "again" in found["password"]


def test_an_address_is_connected_once_to_an_account(row: SupportAddress) -> None:
    assert "connected already" in errors(addressed_to="HELP@fieldnote.example")["addressed_to"]
    assert accepted({**GIVEN, "addressed_to": "sales@fieldnote.example"})
    row.is_default = True
    row.save()
    assert "is_default" in errors(addressed_to="sales@fieldnote.example", is_default="on")


def test_stored_passwords_are_encrypted(row: SupportAddress, django_assert_num_queries: Callable[..., Any]) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT password, smtp_password FROM mailboxes_mailbox")
        stored = cursor.fetchone()
    assert all("s3cret" not in value for value in stored)
