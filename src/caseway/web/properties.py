"""Changes to a case from its page: one address for each property. Each answers with the overview as it is now."""

from __future__ import annotations

from datetime import date

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from caseway.accounts.models import Team
from caseway.cases.models import Case, CustomField, Event, Priority, Status
from caseway.contacts.models import Contact
from caseway.web.bulk import colleague
from caseway.web.case import list_of
from caseway.web.changing import change, refuse, said
from caseway.web.doors import EmployeeRequest, writer_page
from caseway.web.finding import find_case
from caseway.web.undo import offer


@writer_page
@require_POST
def status(request: EmployeeRequest, number: int) -> HttpResponse:
    value = request.POST.get("value", "")
    if value not in Status.values:
        return refuse(request, number, _("This status does not exist. Choose one of the list."))
    return change(
        request, number, lambda case, version: case.set_status(value, by=request.user, expected_version=version)
    )


@writer_page
@require_POST
def priority(request: EmployeeRequest, number: int) -> HttpResponse:
    value = request.POST.get("value", "")
    if value not in Priority.values:
        return refuse(request, number, _("This priority does not exist. Choose one of the list."))
    return change(
        request, number, lambda case, version: case.set_priority(value, by=request.user, expected_version=version)
    )


@writer_page
@require_POST
def assignment(request: EmployeeRequest, number: int) -> HttpResponse:
    """`value`: an employee's id, `team-` and a team's id, or nothing for nobody."""
    value = request.POST.get("value", "")

    def assign(case: Case, version: int) -> Event | None:
        if value.startswith("team-"):
            team = _team(request, value.removeprefix("team-"))
            return case.assign(None, team, by=request.user, expected_version=version)
        return case.assign(colleague(request.user, value), by=request.user, expected_version=version)

    return change(request, number, assign)


@writer_page
@require_POST
def type(request: EmployeeRequest, number: int) -> HttpResponse:
    value = request.POST.get("value", "")
    return change(
        request, number, lambda case, version: case.set_type(value, by=request.user, expected_version=version)
    )


@writer_page
@require_POST
def tags(request: EmployeeRequest, number: int) -> HttpResponse:
    """`add`: tags, separated by commas, or `remove`: one; or `value`: all of them from now on."""
    values = request.POST

    def set_tags(case: Case, version: int) -> Event | None:
        wanted = values["value"].split(",") if "value" in values else list(case.tags)
        wanted = [tag for tag in wanted if tag != values.get("remove")] + values.get("add", "").split(",")
        return case.set_tags(wanted, by=request.user, expected_version=version)

    return change(request, number, set_tags)


@writer_page
@require_POST
def need_by(request: EmployeeRequest, number: int) -> HttpResponse:
    """`value`: a date as YYYY-MM-DD, or nothing."""
    value = request.POST.get("value", "")
    try:
        day = date.fromisoformat(value) if value else None
    except ValueError:
        return refuse(request, number, _("This is not a date. Write it as year-month-day, such as 2026-12-24."))
    return change(
        request, number, lambda case, version: case.set_need_by(day, by=request.user, expected_version=version)
    )


@writer_page
@require_POST
def custom(request: EmployeeRequest, number: int) -> HttpResponse:
    """`field`: the key of one of the organisation's own fields; `value`: nothing takes it away."""
    rows = CustomField.objects.filter(organisation_id=request.user.organisation_id, is_active=True)
    field = rows.filter(key=request.POST.get("field", "")[:60]).first()
    value = request.POST.get("value", "")
    if field is None:
        return refuse(request, number, _("This field does not exist any more."))
    return change(
        request, number, lambda case, version: case.set_custom(field, value, by=request.user, expected_version=version)
    )


@writer_page
@require_POST
def contact(request: EmployeeRequest, number: int) -> HttpResponse:
    """`value`: a contact's id, or nothing."""
    value = request.POST.get("value", "")
    rows = Contact.objects.filter(organisation_id=request.user.organisation_id, merged_into=None)
    found = rows.filter(pk=int(value)).first() if value.isdecimal() and len(value) < 18 else None
    if value and found is None:
        return refuse(request, number, _("This contact does not exist any more. Choose another."))
    return change(
        request, number, lambda case, version: case.set_contact(found, by=request.user, expected_version=version)
    )


@writer_page
@require_POST
def verification(request: EmployeeRequest, number: int) -> HttpResponse:
    """Let somebody who joined unverified take part."""
    email = request.POST.get("value", "")
    return change(request, number, lambda case, _version: case.verify_participant(email, by=request.user))


@writer_page
@require_POST
def deletion(request: EmployeeRequest, number: int) -> HttpResponse:
    case = find_case(request.user, number)
    event = case.trash(by=request.user)
    offer(request, [event], _("%(label)s is in the trash.") % {"label": case.label})
    return redirect("case-list", list_of(request)["view"].slug)


@writer_page
@require_POST
def restoration(request: EmployeeRequest, number: int) -> HttpResponse:
    case = find_case(request.user, number, in_trash=True)
    event = case.restore(by=request.user)
    if event is not None:
        offer(request, [event], said(case, event))
    return redirect(reverse("case", args=[number]))


def _team(request: EmployeeRequest, value: str) -> Team:
    rows = Team.objects.filter(organisation_id=request.user.organisation_id)
    team = rows.filter(pk=int(value)).first() if value.isdecimal() and len(value) < 18 else None
    if team is None:
        raise ValueError(_("This team does not exist any more. Choose another."))
    return team
