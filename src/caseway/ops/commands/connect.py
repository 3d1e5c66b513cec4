"""`caseway connect`: what Settings → Email → Email to Case → Add does, for those who set up machines by script."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Annotated

import typer

from caseway.ops.commands.database import database, require_migrated, set_up_django
from caseway.ops.commands.errors import CommandError
from caseway.ops.commands.organisations import find_organisation

if TYPE_CHECKING:
    from caseway.accounts.models import Employee, Organisation
    from caseway.mailboxes.models import Diagnosis

SIGNS = {"ok": "✓", "bad": "✗", "run": "…", "skipped": "-"}


def connect(
    address: Annotated[str, typer.Argument(help="Receiving Email Account.")],
    imap_host: Annotated[str, typer.Option(help="IMAP Host Name; guessed from the address when not given.")] = "",
    imap_port: Annotated[str, typer.Option(help="Port; by the security when not given.")] = "",
    imap_security: Annotated[str, typer.Option(help="tls, starttls or plain.")] = "",
    login: Annotated[str, typer.Option(help="Login name, when it is not the address.")] = "",
    password: Annotated[str, typer.Option(help="Asked for when not given.", envvar="CASEWAY_MAILBOX_PASSWORD")] = "",
    addressed_to: Annotated[str, typer.Option(help='"Addressed To" Email Account, when it is another.')] = "",
    assigned_to: Annotated[str, typer.Option(help="Email address of the employee who gets the cases.")] = "",
    from_email_id: Annotated[bool, typer.Option("--from-email-id", help="Offer the address as From.")] = False,
    add_to_cc: Annotated[bool, typer.Option("--add-to-cc", help="Put the account on Cc of its cases' mail.")] = False,
    smtp_host: Annotated[str, typer.Option(help="Outgoing server; the system's when not given.")] = "",
    smtp_port: Annotated[str, typer.Option(help="Its port; by the security when not given.")] = "",
    smtp_security: Annotated[str, typer.Option(help="tls, starttls or plain.")] = "",
    organisation: Annotated[str, typer.Option(help="Short name of the organisation.")] = "",
) -> None:
    """Connect an email address: checks everything step by step, and saves only when all works."""
    with database():
        set_up_django()
        require_migrated()
        from caseway.accounts.scope import organisation_scope

        found = find_organisation(organisation)
        with organisation_scope(found.pk):
            _require_plan(found)
            values: dict[str, object] = {
                "address": address,
                "imap_host": imap_host,
                "imap_port": imap_port,
                "imap_security": imap_security,
                "login": login,
                "addressed_to": addressed_to,
                "assigned_employee": _employee(assigned_to, found),
                "from_email_id": from_email_id,
                "add_to_cc": add_to_cc,
                "smtp_host": smtp_host,
                "smtp_port": smtp_port,
                "smtp_security": smtp_security,
            }
            if not imap_host:
                values |= _guessed(address)
            values["password"] = password or typer.prompt("Password", hide_input=True)
            _authenticate(found, {name: value for name, value in values.items() if value not in ("", None)})


def _require_plan(organisation: Organisation) -> None:
    from caseway.accounts.plans import Feature, PlanError, require

    try:
        require(organisation, Feature.EMAIL_TO_CASE)
    except PlanError as error:
        raise CommandError(str(error)) from error


def _employee(email: str, organisation: Organisation) -> int | None:
    from caseway.accounts.models import Employee

    if not email:
        return None
    rows = Employee.objects.active().filter(organisation=organisation)
    employee = rows.filter(email__iexact=email).first()
    if employee is None:
        known = ", ".join(rows.order_by("email").values_list("email", flat=True)[:20])
        raise CommandError(f"There is no active employee {email} in {organisation.name}.", f"There are: {known}", 2)
    return employee.pk


def _guessed(address: str) -> dict[str, object]:
    from caseway.mailboxes.autoconfig import guess

    found = guess(address)
    if found is None:
        raise CommandError(f"The mail server of {address} could not be found out.", "Give it with: --imap-host", 2)
    typer.echo(f"- {found.imap_host}, port {found.imap_port} (found out by itself)")
    return {"imap_host": found.imap_host, "imap_port": found.imap_port, "imap_security": found.imap_security}


def _administrator(organisation: Organisation) -> Employee:
    """Whoever runs this command administers the machine; the history names the first administrator."""
    from caseway.accounts.models import Employee, Role

    rows = Employee.objects.active().filter(organisation=organisation, role=Role.ADMINISTRATOR)
    if (first := rows.order_by("pk").first()) is None:
        raise CommandError(f"{organisation.name} has no administrator.", "Make one with: caseway admin")
    return first


def _authenticate(organisation: Organisation, values: dict[str, object]) -> None:
    from caseway.mailboxes import diagnosis
    from caseway.mailboxes.form import AccountForm, validate

    form = validate(values)
    if not isinstance(form, AccountForm):
        raise CommandError("\n".join(f"{name}: {sentence}" for name, sentence in form.items()), "Correct it.", 2)
    run = diagnosis.request(organisation, _administrator(organisation), form)
    # A worker that runs anyway may take it first; either way the row says how far it is.
    thread = threading.Thread(target=diagnosis.run_requested, name="authenticate", daemon=True)
    thread.start()
    _watch(run)
    thread.join(10)


def _watch(run: Diagnosis) -> None:
    """Print each step as it ends; raises CommandError with cause and fix when one fails."""
    from caseway.mailboxes.models import DiagnosisState

    printed = 0
    while True:
        run.refresh_from_db(fields=["steps", "state"])
        ended = [step for step in run.steps if step["state"] != "run"]
        for step in ended[printed:]:
            typer.echo(f"{SIGNS[step['state']]} {step['name']}: {step['detail'] or step['cause'] or 'not run'}")
        printed = len(ended)
        if run.state == DiagnosisState.PASSED:
            typer.echo("Connected. New mail becomes a case from now on.")
            return
        if run.state == DiagnosisState.FAILED:
            bad = next((step for step in run.steps if step["state"] == "bad"), None)
            if bad is None:
                raise CommandError("It did not work.", "Nothing was saved; try again.")
            words = f" ({bad['server_words']})" if bad["server_words"] else ""
            raise CommandError(f"{bad['cause']}{words}", f"{bad['fix']} Nothing was saved.")
        time.sleep(0.1)
