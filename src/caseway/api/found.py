"""Finding what a request names, in the caller's organisation only; anything else is answered as absent."""

from __future__ import annotations

import re

from caseway.accounts.models import Employee, Team
from caseway.api.authentication import ApiRequest
from caseway.api.problems import invalid, not_found
from caseway.cases.models import Case
from caseway.contacts.models import Contact
from caseway.mail.address import address_key, parse_addresses
from caseway.mail.model import Address

NUMBER = re.compile(r"(?:CW-)?([1-9][0-9]{0,17})", re.IGNORECASE | re.ASCII)


def case(request: ApiRequest, number: str) -> Case:
    """The case with this number, `1042` or `CW-1042`; raises ProblemError (404) when it cannot be seen."""
    match = NUMBER.fullmatch(number)
    found = (
        Case.objects.visible_to(request.auth)
        .select_related(
            "contact", "customer", "assigned_employee", "assigned_team", "created_by", "modified_by", "related_to"
        )
        .filter(number=int(match[1]))
        .first()
        if match
        else None
    )
    if found is None:
        raise not_found(f"case {number[:40]}")
    return found


def deleted_case(request: ApiRequest, number: str) -> Case:
    """The case in the trash with this number; raises ProblemError (404) when there is none."""
    match = NUMBER.fullmatch(number)
    found = Case.objects.deleted_for(request.auth).filter(number=int(match[1])).first() if match else None
    if found is None:
        raise not_found(f"case {number[:40]} in the trash")
    return found


def contact(request: ApiRequest, contact_id: int) -> Contact:
    found = (
        Contact.objects.filter(organisation_id=request.auth.organisation_id, pk=contact_id)
        .select_related("customer")
        .prefetch_related("addresses")
        .first()
    )
    if found is None:
        raise not_found(f"contact {contact_id}")
    return found


def employee(request: ApiRequest, value: int | str, field: str) -> Employee:
    """An employee by id or email address; raises ProblemError that names `field`."""
    rows = Employee.objects.filter(organisation_id=request.auth.organisation_id)
    text = str(value).strip()
    by_id = text.isdecimal() and text.isascii() and len(text) < 19
    found = rows.filter(pk=int(text)).first() if by_id else rows.filter(email__iexact=text).first()
    if found is None:
        raise invalid(field, f"There is no employee {text[:100]}. GET /employees lists them.")
    return found


def assignee(
    request: ApiRequest, employee_: int | str | None, team_: int | None
) -> tuple[Employee | None, Team | None]:
    """Whom a case is to be assigned to; raises ProblemError when both are named or one cannot be found."""
    if employee_ is not None and team_ is not None:
        raise invalid("team", "A case is assigned to an employee or to a team. Leave one of them out.")
    if team_ is not None:
        return None, team(request, team_)
    if employee_ is None:
        return None, None
    found = employee(request, employee_, "employee")
    if not found.is_active:
        raise invalid("employee", f"{found.name} is not active any more. Choose somebody else.")
    return found, None


def team(request: ApiRequest, team_id: int) -> Team:
    found = Team.objects.filter(organisation_id=request.auth.organisation_id, pk=team_id).first()
    if found is None:
        raise invalid("team", f"There is no team {team_id}. GET /teams lists them.")
    return found


def address(text: str, field: str) -> Address:
    """One email address, with or without a name; raises ProblemError that names `field` for anything else."""
    is_one_line = all(character.isprintable() for character in text)
    found = parse_addresses([text])
    if not is_one_line or len(found) != 1 or not is_address(found[0].email):
        raise invalid(
            field, f"“{text[:100]}” is not one email address. Write name@example.com, or Name <name@example.com>."
        )
    return found[0]


def is_address(email: str) -> bool:
    """Whether mail could be sent to it: something before an '@' and a domain after it, nothing that breaks a line."""
    local, at, domain = address_key(email).rpartition("@")
    return bool(local and at and domain) and not any(character.isspace() or character in "<>," for character in email)
