"""A case: its page, its preview beside the list, and its parts as they are now."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from caseway.accounts.models import Employee, Team
from caseway.cases import lists
from caseway.cases.models import Case, Priority, Status
from caseway.mail.address import parse_addresses
from caseway.outbound.recipients import suggested_alias, warnings
from caseway.outbound.reply import cc_for, choices
from caseway.web.doors import EmployeeRequest, employee_page, writer_page
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
    timeline = entries(case).entries
    context = {"case": case, "entries": timeline[-PREVIEWED:], "earlier": max(len(timeline) - PREVIEWED, 0)}
    return render(request, "cases/_preview.html", context | _list_of(request))


@employee_page
@require_safe
def case_live(request: EmployeeRequest, number: int) -> HttpResponse:
    """Thread, head and overview as they are now, for a page that is open."""
    case = find_case(request.user, number, in_trash=True)
    return render(request, "cases/_live.html", overview_context(request, case) | {"entries": entries(case).entries})


@writer_page
@require_safe
def added_cc(request: EmployeeRequest, number: int) -> HttpResponse:
    """The Add to CC pills for another From."""
    case = find_case(request.user, number)
    rows = choices(case, request.user).from_addresses
    chosen = next((row for row in rows if str(row.pk) == request.GET.get("from_address")), None)
    context = {"case": case, "added_cc": cc_for(case, chosen) if chosen else ()}
    return render(request, "cases/_added_cc.html", context)


@writer_page
@require_safe
def recipients(request: EmployeeRequest, number: int) -> HttpResponse:
    """Whom the writer should look at among the recipients typed so far."""
    case = find_case(request.user, number)
    typed = parse_addresses([request.GET.get(name, "")[:20_000] for name in ("to", "cc", "bcc")])
    return render(
        request, "cases/_recipient_warnings.html", {"case": case, "recipient_warnings": warnings(case, typed)}
    )


def show_case(
    request: EmployeeRequest, case: Case, *, status: int = 200, composer: dict[str, Any] | None = None
) -> HttpResponse:
    """The whole page. `composer` holds what was typed, when a try to send failed or was undone."""
    context = overview_context(request, case) | _list_of(request) | {"app": "cases", "entries": entries(case).entries}
    if request.user.may_write and case.deleted_at is None:
        offered = choices(case, request.user)
        context |= {"choices": offered, "added_cc": offered.added_cc}
        typed = composer if composer and composer.get("is_typed") else None
        people = parse_addresses([typed["to"], typed["cc"], typed["bcc"]]) if typed else (*offered.to, *offered.cc)
        context["recipient_warnings"] = warnings(case, people, offered.people)
    context["composer"] = {"request_key": uuid.uuid4().hex, **(composer or {})}
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
