"""The Add form of Email to Case: its fields and what is wrong with them, the same for page, API and command line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Self

from django.utils.translation import gettext as _

from caseway.accounts.models import Employee, Team
from caseway.mail.address import address_key
from caseway.mailboxes.fields import FieldReader
from caseway.mailboxes.models import AfterProcessing, Mailbox, Security, SupportAddress
from caseway.mailboxes.providers import keeps_copies

AUTHSERV = re.compile(r"[a-z0-9._:-]{1,255}")
"""What an authserv-id may look like here (RFC 8601 2.5): a host name, as every large provider writes it."""
IMAP_PORTS = {Security.TLS.value: 993, Security.STARTTLS.value: 143, Security.PLAIN.value: 143}
SMTP_PORTS = {Security.TLS.value: 465, Security.STARTTLS.value: 587, Security.PLAIN.value: 25}


@dataclass(frozen=True, slots=True)
class AccountForm:
    """Everything that is asked when an address is connected. Its text form never shows a password."""

    address: str
    """Receiving Email Account."""
    password: str = field(repr=False)
    addressed_to: str
    """"Addressed To" Email Account; the receiving account itself unless another is given."""
    imap_host: str
    imap_port: int = 993
    imap_security: str = Security.TLS.value
    assigned_employee: int | None = None
    assigned_team: int | None = None
    from_email_id: bool = False
    add_to_cc: bool = False
    login: str = ""
    """Login name; the address unless another is given."""
    folders: tuple[str, ...] = ()
    """Empty: INBOX."""
    aliases: tuple[str, ...] = ()
    is_default: bool = False
    display_name: str = ""
    acknowledges: bool = True
    smtp_host: str = ""
    """Empty: the system's own outgoing server."""
    smtp_port: int = 465
    smtp_security: str = Security.TLS.value
    smtp_login: str = ""
    smtp_password: str = field(default="", repr=False)
    after_processing: str = AfterProcessing.LEAVE.value
    move_to_folder: str = ""
    trusted_authserv: str = ""
    """authserv-id whose Authentication-Results are believed; learnt by Authenticate while it is empty."""
    copies_sent: bool = False
    """Copy what is sent to the account's Sent folder."""

    @property
    def login_name(self) -> str:
        return self.login or self.address

    @property
    def watched_folders(self) -> tuple[str, ...]:
        return self.folders or ("INBOX",)

    def to_json(self) -> str:
        """With passwords: for the encrypted column only."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        values = json.loads(text)
        for name in ("folders", "aliases"):
            values[name] = tuple(values[name])
        return cls(**values)

    @classmethod
    def of(cls, row: SupportAddress) -> Self:
        """The form as it would be filled in for a stored row, stored passwords included."""
        mailbox = row.mailbox
        return cls(
            address=mailbox.address,
            password=mailbox.password,
            addressed_to=row.address,
            imap_host=mailbox.imap_host,
            imap_port=mailbox.imap_port,
            imap_security=mailbox.imap_security,
            assigned_employee=row.assigned_employee_id,
            assigned_team=row.assigned_team_id,
            from_email_id=row.from_email_id,
            add_to_cc=row.add_to_cc,
            login="" if mailbox.login == mailbox.address else mailbox.login,
            folders=tuple(mailbox.folders),
            aliases=tuple(row.aliases),
            is_default=row.is_default,
            display_name=row.display_name,
            acknowledges=row.acknowledges,
            smtp_host=mailbox.smtp_host,
            smtp_port=mailbox.smtp_port,
            smtp_security=mailbox.smtp_security,
            smtp_login=mailbox.smtp_login,
            smtp_password=mailbox.smtp_password,
            after_processing=mailbox.after_processing,
            move_to_folder=mailbox.move_to_folder,
            trusted_authserv=mailbox.trusted_authserv,
            copies_sent=mailbox.copies_since is not None,
        )

    def shown(self) -> dict[str, Any]:
        """The values that a page or the API may show: everything but the passwords."""
        values = asdict(self)
        del values["password"], values["smtp_password"]
        return values


NEEDS_NO_AUTHENTICATION = frozenset(
    {
        "assigned_employee",
        "assigned_team",
        "from_email_id",
        "add_to_cc",
        "aliases",
        "is_default",
        "display_name",
        "acknowledges",
        "trusted_authserv",
        "copies_sent",
    }
)
"""Fields whose change touches no server: saved at once (`management.update`)."""


def needs_authentication(form: AccountForm, row: SupportAddress) -> bool:
    """Whether an edit has to pass Authenticate before it is saved."""
    before = AccountForm.of(row)
    return any(
        getattr(form, one.name) != getattr(before, one.name)
        for one in fields(AccountForm)
        if one.name not in NEEDS_NO_AUTHENTICATION
    )


def validate(data: Mapping[str, Any], row: SupportAddress | None = None) -> AccountForm | dict[str, str]:
    """The form in `data` (a posted form or JSON), or for each field that is wrong a sentence that says why.

    With `row` an edit: what `data` does not name stays as it is, and an empty password keeps the stored one, unless
    the server, its port, its security or the login changed: a stored password is not sent anywhere new. Switches
    read on/off, true/false, yes/no, 1/0. "Assigned To" is `assigned_to` as 'employee:7', 'team:3' or '', or the two
    fields by themselves. Reads the database within the caller's organisation scope.
    """
    before = AccountForm.of(row) if row else None
    read = FieldReader(data, before)
    address = read.email("address", _("Enter the email address whose mail is to become cases."))
    imap_security = read.choice("imap_security", Security.values, _security_of(data.get("imap_port"), IMAP_PORTS))
    smtp_security = read.choice("smtp_security", Security.values, _security_of(data.get("smtp_port"), SMTP_PORTS))
    employee, team = _assigned_to(read)
    form = AccountForm(
        address=address,
        password=read.secret("password"),
        addressed_to=read.email("addressed_to", "") or address,
        imap_host=read.host("imap_host", _("Enter the name of the IMAP server, such as imap.example.com.")),
        imap_port=read.port("imap_port", IMAP_PORTS[imap_security]),
        imap_security=imap_security,
        assigned_employee=employee,
        assigned_team=team,
        from_email_id=read.switch("from_email_id", False),
        add_to_cc=read.switch("add_to_cc", False),
        login=read.text("login", 320),
        folders=read.words("folders", 255),
        aliases=tuple(alias for alias in read.emails("aliases") if alias),
        is_default=read.switch("is_default", False),
        display_name=read.text("display_name", 200),
        acknowledges=read.switch("acknowledges", True),
        smtp_host=read.host("smtp_host", ""),
        smtp_port=read.port("smtp_port", SMTP_PORTS[smtp_security]),
        smtp_security=smtp_security,
        smtp_login=read.text("smtp_login", 320),
        smtp_password=read.secret("smtp_password"),
        after_processing=read.choice("after_processing", AfterProcessing.values, AfterProcessing.LEAVE.value),
        move_to_folder=read.text("move_to_folder", 255),
        trusted_authserv=read.text("trusted_authserv", 255).lower(),
        copies_sent=read.switch("copies_sent", False),
    )
    if form.trusted_authserv and not AUTHSERV.fullmatch(form.trusted_authserv):
        read.errors["trusted_authserv"] = _("Enter one name as the server writes it, such as mx.example.com.")
    if form.login == form.address:
        form = replace(form, login="")
    form = _with_stored_passwords(form, before, read.errors)
    if form.copies_sent and (provider := keeps_copies(form.smtp_host)):
        read.errors["copies_sent"] = _("%(provider)s keeps a copy of what it sends by itself. Leave this off.") % {
            "provider": provider
        }
    if form.after_processing == AfterProcessing.MOVE and not form.move_to_folder:
        read.errors["move_to_folder"] = _("Name the folder that processed mail is moved to.")
    elif form.after_processing == AfterProcessing.MOVE and form.move_to_folder in form.watched_folders:
        read.errors["move_to_folder"] = _("Mail cannot be moved to a folder that is read for new mail.")
    if not read.errors:
        _check_taken(form, row, read.errors)
    return read.errors or form


def _security_of(port: Any, ports: dict[str, int]) -> str:
    """The usual protection on a port when only the port was given."""
    text = str(port or "").strip()
    if text == str(ports[Security.STARTTLS.value]):
        return Security.STARTTLS.value
    return Security.TLS.value


def _assigned_to(read: FieldReader) -> tuple[int | None, int | None]:
    employee, team = read.number("assigned_employee"), read.number("assigned_team")
    if employee is not None and team is not None:  # whichever the data names takes the place of the stored other
        employee = employee if read.data.get("assigned_employee") else None
        team = team if read.data.get("assigned_team") else None
    if "assigned_to" in read.data:
        kind, _colon, identifier = str(read.data["assigned_to"] or "").partition(":")
        number = int(identifier) if identifier.isascii() and identifier.isdigit() and len(identifier) < 19 else None
        employee, team = (number if kind == "employee" else None), (number if kind == "team" else None)
        if kind and number is None:
            read.errors["assigned_to"] = _("Choose an employee or a team from the list.")
    if employee is not None and not Employee.objects.filter(pk=employee).exists():
        read.errors["assigned_to"] = _("This employee is not part of your organisation.")
    if team is not None and not Team.objects.filter(pk=team).exists():
        read.errors["assigned_to"] = _("This team is not part of your organisation.")
    if employee is not None and team is not None:
        read.errors["assigned_to"] = _("Choose an employee or a team, not both.")
    return employee, team


def _with_stored_passwords(form: AccountForm, before: AccountForm | None, errors: dict[str, str]) -> AccountForm:
    again = _("The server or the login changed, so the stored password is not used. Enter the password again.")
    if not form.password:
        if before is None:
            errors["password"] = _("Enter the password of the email account.")
        elif _way(form, "imap") != _way(before, "imap"):
            errors["password"] = again
        else:
            form = replace(form, password=before.password)
    if form.smtp_login and form.smtp_host and not form.smtp_password:
        if before is None or not before.smtp_password:
            errors["smtp_password"] = _("Enter the password that belongs to the outgoing login.")
        elif _way(form, "smtp") != _way(before, "smtp"):
            errors["smtp_password"] = again
        else:
            form = replace(form, smtp_password=before.smtp_password)
    if before and form.smtp_host and not form.smtp_login and form.password == before.password:
        # the account's own password would go to another outgoing server than before
        asked = "password" not in errors and _way(form, "smtp") != _way(before, "smtp")
        if asked and not form.smtp_password:
            errors["password"] = _(
                "The outgoing server or the login changed, so the stored password is not used. "
                "Enter the password again."
            )
    return form


def _way(form: AccountForm, kind: str) -> tuple[str, int, str, str]:
    login = form.login_name if kind == "imap" else form.smtp_login or form.login_name
    host, port, security = (getattr(form, f"{kind}_{name}") for name in ("host", "port", "security"))
    return str(host).lower(), int(port), str(security), login


def _check_taken(form: AccountForm, row: SupportAddress | None, errors: dict[str, str]) -> None:
    """A row's address stands once in an account, and an account has one default row."""
    accounts = Mailbox.objects.filter(
        login=form.login_name, imap_host=form.imap_host, imap_port=form.imap_port, deleted_at=None
    )
    others = SupportAddress.objects.filter(mailbox__in=accounts, deleted_at=None)
    if row:
        others = others.exclude(pk=row.pk)
        if accounts.exclude(pk=row.mailbox_id).exists():
            errors["address"] = _("This account is connected already. Add the address to it instead.")
    taken = {address_key(other.address) for other in others}
    if address_key(form.addressed_to) in taken:
        errors["addressed_to"] = _("%(address)s is connected already. Edit its row instead.") % {
            "address": form.addressed_to
        }
    if form.is_default and any(other.is_default for other in others):
        errors["is_default"] = _("Another row of this account already takes what no row names.")
