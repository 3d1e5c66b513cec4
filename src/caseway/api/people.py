"""`/me`, `/organisation`, `/employees`, `/teams`: who is calling, and who works here. Read only."""

from __future__ import annotations

from typing import Any, cast

from ninja import Router

from caseway.accounts.models import Employee, Organisation, Team
from caseway.accounts.plans import Feature, includes
from caseway.api.authentication import ApiRequest
from caseway.api.schemas.base import Named
from caseway.api.schemas.people import EmployeeAnswer, MeAnswer, OrganisationAnswer, PlanName, TeamAnswer

router = Router(tags=["People"], by_alias=True)


@router.get("/me", response=MeAnswer, summary="Who am I?", url_name="me")
def get_me(request: ApiRequest) -> MeAnswer:
    """The employee that the token acts as, with their organisation."""
    return MeAnswer(**_employee_fields(request.auth), organisation=_organisation(request.auth.organisation))


@router.get("/organisation", response=OrganisationAnswer, summary="Get the organisation", url_name="organisation")
def get_organisation(request: ApiRequest) -> OrganisationAnswer:
    """The organisation that the token belongs to, with its plan."""
    return _organisation(request.auth.organisation)


@router.get("/employees", response=list[EmployeeAnswer], summary="List employees", url_name="employees")
def list_employees(request: ApiRequest) -> list[EmployeeAnswer]:
    """Everybody who works here, by name; also those who are not active any more."""
    rows = Employee.objects.filter(organisation_id=request.auth.organisation_id).prefetch_related("teams")
    return [EmployeeAnswer(**_employee_fields(row)) for row in rows.order_by("name", "pk")]


@router.get("/teams", response=list[TeamAnswer], summary="List teams", url_name="teams")
def list_teams(request: ApiRequest) -> list[TeamAnswer]:
    """The teams that a case can be assigned to, with their members."""
    rows = Team.objects.filter(organisation_id=request.auth.organisation_id).prefetch_related("members")
    return [
        TeamAnswer(id=row.pk, name=row.name, members=[Named(id=who.pk, name=who.name) for who in row.members.all()])
        for row in rows.order_by("name", "pk")
    ]


def _employee_fields(row: Employee) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "email": row.email,
        "role": row.role,
        "is_active": row.is_active,
        "is_invited": row.is_invited,
        "teams": [Named(id=team.pk, name=team.name) for team in row.teams.all()],
        "created_at": row.created_at,
    }


def _organisation(row: Organisation) -> OrganisationAnswer:
    return OrganisationAnswer(
        id=row.pk,
        name=row.name,
        slug=row.slug,
        plan=cast(PlanName, row.plan),
        features=[feature.value for feature in Feature if includes(row, feature)],
        one_case_per_message=row.one_case_per_message,
        reopen_days=row.reopen_days,
        language=row.language,
        time_zone=row.time_zone,
        created_at=row.created_at,
    )
