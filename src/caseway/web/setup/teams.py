"""Settings → Teams."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from caseway.accounts.models import Employee, Team
from caseway.cases import setup
from caseway.web.doors import EmployeeRequest, administrator_page
from caseway.web.setup.pages import done, find, number, sent, show


@administrator_page
@require_http_methods(["GET", "HEAD", "POST"])
def teams(request: EmployeeRequest) -> HttpResponse:
    """The list; a POST adds one, which is then open for its members to be chosen."""
    if request.method != "POST":
        return _page(request)
    try:
        row = setup.add_team(request.user.organisation, request.POST.get("name", ""), by=request.user)
    except setup.SetupError as error:
        return _page(request, problem=str(error), status=422)
    text = _("“%(name)s” is added. Choose who is in it.") % {"name": row.name}
    return done(request, f"{reverse('teams')}?edit={row.pk}", text)


@administrator_page
@require_POST
def change(request: EmployeeRequest, pk: int) -> HttpResponse:
    """Name and members (`member`, repeated)."""
    row, values = find(Team, request, pk), sent(request)
    before = {"name": row.name, "member": list(row.memberships.values_list("employee_id", flat=True))}
    chosen = [number(value) for value in values.getlist("member")]
    employees = Employee.objects.filter(organisation_id=request.user.organisation_id, pk__in=chosen)
    try:
        setup.rename_team(row, values.get("name", ""), by=request.user)
        setup.set_members(row, employees, by=request.user)
    except setup.SetupError as error:
        return _page(request, problem=str(error), editing=pk, status=422)
    return done(request, "teams", _("Saved."), reverse("team-change", args=[pk]), **before)


@administrator_page
@require_POST
def deletion(request: EmployeeRequest, pk: int) -> HttpResponse:
    """Its cases go to the team `into`, or to nobody. The page has asked before."""
    row = find(Team, request, pk)
    chosen = request.POST.get("into", "")
    into = find(Team, request, number(chosen)) if chosen else None
    try:
        count = setup.delete_team(row, into=into, by=request.user)
    except setup.SetupError as error:
        return _page(request, problem=str(error), status=422)
    said = {"name": row.name, "count": count, "other": into.name if into else ""}
    if not count:
        text = _("The team “%(name)s” is deleted.")
    elif into is not None:
        text = ngettext(
            "The team “%(name)s” is deleted; its %(count)s case went to “%(other)s”.",
            "The team “%(name)s” is deleted; its %(count)s cases went to “%(other)s”.",
            count,
        )
    else:
        text = ngettext(
            "The team “%(name)s” is deleted; its %(count)s case is unassigned.",
            "The team “%(name)s” is deleted; its %(count)s cases are unassigned.",
            count,
        )
    return done(request, "teams", text % said)


def _page(request: EmployeeRequest, *, problem: str = "", editing: int = 0, status: int = 200) -> HttpResponse:
    rows = setup.teams_of(request.user.organisation)
    leaving = next((row for row in rows if str(row.pk) == request.GET.get("delete")), None)
    people = Employee.objects.active().filter(organisation_id=request.user.organisation_id).order_by("name")
    context = {
        "rows": rows,
        "employees": people,
        "count": setup.count_cases_of(leaving) if leaving else 0,
        "chosen": [number(value) for value in request.POST.getlist("member")] if problem else None,
    }
    return show(request, "teams", context, problem=problem, editing=editing, status=status)
