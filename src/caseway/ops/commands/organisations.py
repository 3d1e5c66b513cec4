"""`caseway plan` and `caseway admin`: organisations and who administers them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from caseway.ops.commands.database import database, require_migrated, set_up_django
from caseway.ops.commands.errors import CommandError

if TYPE_CHECKING:
    from caseway.accounts.models import Employee, Organisation


def plan(
    organisation: Annotated[str, typer.Argument(help="Short name of the organisation.")] = "",
    plan: Annotated[str, typer.Argument(help="standard, lite, premium, ultimate or enterprise.")] = "",
) -> None:
    """Show the organisations with their plans, or change one's plan."""
    with database():
        set_up_django()
        require_migrated()
        from caseway.accounts.models import Organisation
        from caseway.accounts.plans import Plan
        from caseway.accounts.scope import every_organisation

        with every_organisation():
            if not organisation:
                for one in Organisation.objects.order_by("slug"):
                    typer.echo(f"{one.slug}\t{Plan(one.plan).label}\t{one.name}")
                return
            found = find_organisation(organisation)
            if plan:
                if plan.lower() not in Plan.values:
                    raise CommandError(
                        f"There is no plan “{plan}”.", f"Choose one of: {', '.join(Plan.values)}", code=2
                    )
                found.plan = plan.lower()
                found.save(update_fields=["plan"])
            typer.echo(f"{found.name} is on {Plan(found.plan).label}.")


def admin(
    email: Annotated[str, typer.Option(prompt="Email", help="Address to sign in with.")],
    name: Annotated[str, typer.Option(prompt="Name", help="Name that others see.")],
    organisation: Annotated[str, typer.Option(help="Short name of the organisation; made when there is none.")] = "",
    password: Annotated[str, typer.Option(help="Asked for when not given.", envvar="CASEWAY_ADMIN_PASSWORD")] = "",
    generate: Annotated[bool, typer.Option("--generate-password", help="Make one and print it.")] = False,
) -> None:
    """Make an administrator. For an address that is known already: let it in again, with a new password."""
    with database():
        set_up_django()
        require_migrated()
        from caseway.accounts.scope import every_organisation

        with every_organisation():
            chosen = _password(password, generate)
            employee, created = _administrator(email.strip(), name.strip(), organisation, chosen)
    typer.echo(f"{employee.name} {'is' if created else 'is again'} an administrator of {employee.organisation.name}.")
    if generate:
        typer.echo(f"Password: {chosen}")


def find_organisation(slug: str, code: int = 2) -> Organisation:
    """The organisation with that short name; without a name the only one. Raises CommandError that lists them."""
    from caseway.accounts.models import Organisation
    from caseway.accounts.scope import every_organisation

    with every_organisation():
        known = list(Organisation.objects.order_by("slug"))
    found = [one for one in known if one.slug == slug] if slug else known
    if len(found) == 1:
        return found[0]
    names = ", ".join(one.slug for one in known)
    if not known:
        raise CommandError("There is no organisation yet.", "Make one with its administrator: caseway admin", code)
    if slug:
        raise CommandError(f"There is no organisation “{slug}”.", f"There are: {names}", code)
    raise CommandError("There are several organisations.", f"Name one of: {names}", code)


def _administrator(email: str, name: str, organisation: str, password: str) -> tuple[Employee, bool]:
    from django.core.exceptions import ValidationError
    from django.core.validators import validate_email
    from django.utils.text import slugify

    from caseway.accounts.models import Employee, Organisation, Role

    try:
        if not email.endswith("@localhost"):
            validate_email(email)
    except ValidationError as error:
        raise CommandError(f"“{email}” is no email address.", code=2) from error
    known = Employee.objects.filter(email__iexact=email).select_related("organisation").first()
    if known is not None:
        known.role, known.is_active = Role.ADMINISTRATOR, True
        known.set_password(password)
        known.save()
        return known, False
    if Organisation.objects.exists():
        found = find_organisation(organisation)
    else:
        found = Organisation.objects.create(
            name=organisation or "My organisation", slug=slugify(organisation)[:60] or "main"
        )
    return Employee.objects.create_employee(found, email, name, Role.ADMINISTRATOR, password), True


def _password(given: str, generate: bool) -> str:
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    from caseway.ops.words import made_password

    if generate:
        return made_password()
    password = given or typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        validate_password(password)
    except ValidationError as error:
        raise CommandError("That password is too weak: " + " ".join(error.messages), code=2) from error
    return str(password)
