"""Teams: who is in them, and where the cases of one go that is deleted."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Prefetch
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from caseway.accounts.models import Employee, Organisation, Team, TeamMembership
from caseway.cases.models import Case
from caseway.cases.setup.rights import SetupError, clean_name, require_administrator, require_free
from caseway.mailboxes.models import SupportAddress

LONGEST = 100


def teams_of(organisation: Organisation | int) -> list[Team]:
    """By the alphabet, each with its `memberships` and their employees read: two queries."""
    number = organisation if isinstance(organisation, int) else organisation.pk
    rows = Team.objects.filter(organisation_id=number).prefetch_related(
        Prefetch("memberships", TeamMembership.objects.select_related("employee").order_by("employee__name"))
    )
    return list(rows.order_by(Lower("name")))


def add_team(organisation: Organisation, name: str, *, by: Employee) -> Team:
    """Without members. SetupError when there is one of that name."""
    require_administrator(by)
    name = clean_name(name, LONGEST)
    require_free(Team.objects.filter(organisation=organisation), name)
    return Team.objects.create(organisation=organisation, name=name)


def rename_team(row: Team, name: str, *, by: Employee) -> None:
    require_administrator(by)
    name = clean_name(name, LONGEST)
    require_free(Team.objects.filter(organisation_id=row.organisation_id).exclude(pk=row.pk), name)
    row.name = name
    row.save(update_fields=["name"])


def set_members(row: Team, employees: Iterable[Employee], *, by: Employee) -> None:
    """Exactly these; somebody of another organisation is left out."""
    require_administrator(by)
    wanted = {one.pk for one in employees if one.organisation_id == row.organisation_id}
    with transaction.atomic():
        present = set(row.memberships.values_list("employee_id", flat=True))
        row.memberships.exclude(employee_id__in=wanted).delete()
        TeamMembership.objects.bulk_create(
            TeamMembership(organisation_id=row.organisation_id, team=row, employee_id=pk) for pk in wanted - present
        )


def count_cases_of(row: Team) -> int:
    """How many cases are assigned to the team, closed ones included."""
    return Case.objects.filter(organisation_id=row.organisation_id, assigned_team=row).count()


def delete_team(row: Team, *, into: Team | None, by: Employee) -> int:
    """Its cases, and the addresses that assign to it, go to another team or to nobody. Returns how many cases."""
    require_administrator(by)
    if into is not None and (into.pk == row.pk or into.organisation_id != row.organisation_id):
        raise SetupError(_("Choose another team for its cases."))
    with transaction.atomic():
        cases = Case.objects.filter(organisation_id=row.organisation_id, assigned_team=row)
        changed = cases.update(assigned_team=into)
        SupportAddress.objects.filter(organisation_id=row.organisation_id, assigned_team=row).update(assigned_team=into)
        row.delete()
        return changed
