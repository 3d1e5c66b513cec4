"""A case: its page, its preview beside the list, and its parts as they are now."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from caseway.accounts.models import Employee, Team
from caseway.cases import lists
from caseway.cases.models import Case, Priority, Status
from caseway.outbound.recipients import suggested_alias
from caseway.web.composer import composer_context
from caseway.web.doors import EmployeeRequest, employee_page
from caseway.web.finding import find_case, readable
from caseway.web.timeline import entries

OTHER_CASES = 5
PREVIEWED = 3
LATEST = 300


@employee_page
@require_safe
def case_overview(request: EmployeeRequest, number: int) -> HttpResponse:
    """The case with its timeline and the composer."""
    return show_case(request, find_case(request.user, number, in_trash=True))


@employee_page
@require_safe
def case_preview(request: EmployeeRequest, number: int) -> HttpResponse:
    """The pane beside the list: head and the latest entries."""
    case = find_case(request.user, number, in_trash=True)
    timeline = entries(case)
    context = {"case": case, "entries": timeline[-PREVIEWED:], "earlier": max(len(timeline) - PREVIEWED, 0)}
    return render(request, "cases/_preview.html", context | _list_of(request))


@employee_page
@require_safe
def case_live(request: EmployeeRequest, number: int) -> HttpResponse:
    """Thread, head and overview as they are now, for a page that is open."""
    case = find_case(request.user, number, in_trash=True)
    return render(request, "cases/_live.html", overview_context(request, case) | {"entries": entries(case)})


def show_case(
    request: EmployeeRequest, case: Case, *, status: int = 200, composer: dict[str, Any] | None = None
) -> HttpResponse:
    """The whole page. `composer` holds what was typed, when a try to send failed or was undone."""
    context = overview_context(request, case) | _list_of(request) | {"app": "cases", "entries": entries(case)}
    context |= composer_context(request, case, composer)
    return render(request, "cases/case.html", context, status=status)


def overview_context(request: EmployeeRequest, case: Case) -> dict[str, Any]:
    """What the right column needs."""
    organisation = request.user.organisation_id
    others = readable(request.user, in_trash=False).filter(contact=case.contact).exclude(pk=case.pk)
    return {
        "case": case,
        "statuses": Status.choices,
        "priorities": Priority.choices,
        "employees": Employee.objects.active().filter(organisation_id=organisation).order_by("name"),
        "teams": Team.objects.filter(organisation_id=organisation).order_by("name"),
        "types": _known_types(organisation),
        "others": others.order_by("-modified_at", "-pk")[:OTHER_CASES] if case.contact_id else (),
        "related": case.related_to,
        "unverified": case.participants.filter(is_verified=False),
        "alias": suggested_alias(case) if request.user.is_administrator else None,
        "addresses": case.came_through.select_related("support_address"),
    }


def _known_types(organisation_id: int) -> list[str]:
    """Types of the latest cases, to choose from. Those of a million would cost a scan."""
    latest = Case.objects.filter(organisation_id=organisation_id).order_by("-pk").values_list("type", flat=True)
    return sorted({kind for kind in latest[:LATEST] if kind})


def _list_of(request: EmployeeRequest) -> dict[str, Any]:
    """The list that the person came from: where Back leads."""
    view = lists.VIEWS.get(request.GET.get("list", "")) or lists.VIEWS["my-cases"]
    return {"view": view}
