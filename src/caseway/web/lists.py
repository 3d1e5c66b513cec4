"""The lists of cases, their rows, and what is done to several at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from caseway.accounts.models import Employee
from caseway.cases import lists
from caseway.cases.errors import CaseError
from caseway.cases.models import Case, Status
from caseway.mailboxes.models import Mailbox
from caseway.web.doors import EmployeeRequest, employee_page, writer_page
from caseway.web.finding import readable

MOST_CHANGES = 100
OVERLAP = timedelta(seconds=2)
"""Transactions that were open when the page was made count too."""

EMPTY = {
    "my-cases": ("Nothing waiting for you", "You answered everything assigned to you."),
    "unassigned": ("Every case has an owner", "New mail without an assignee appears here."),
    "all-open": ("No open cases", "Mail to your support addresses becomes a case here by itself."),
    "waiting": ("Nobody has to answer you", "Cases that wait for a customer appear here."),
    "closed": ("No closed cases yet", "A case that is closed stays here and can be reopened."),
    "trash": ("The trash is empty", "Deleted cases stay here until somebody restores them."),
}


@employee_page
@require_safe
def cases(request: EmployeeRequest, slug: str = "my-cases") -> HttpResponse:
    """A list, or with `after` the rows that follow, or with `q` what a search finds in it."""
    view = lists.VIEWS.get(slug)
    if view is None:
        raise Http404
    words = request.GET.get("q", "").strip()
    rows = view.rows(request.user)
    page = lists.page(lists.search(rows, words) if words else rows, request.GET.get("after", ""))
    context: dict[str, Any] = {
        "app": "cases",
        "view": view,
        "page": page,
        "q": words,
        "counts": _shown_counts(request.user),
        "views": lists.VIEWS.values(),
        "employees": Employee.objects.active().filter(organisation_id=request.user.organisation_id).order_by("name"),
        "statuses": Status.choices,
    }
    if not page.rows:
        title, text = EMPTY[slug]
        context |= {"empty_title": title, "empty_text": text, "has_mailbox": Mailbox.objects.kept().exists()}
    return render(request, "cases/list.html", context)


@employee_page
@require_safe
def case_row(request: EmployeeRequest, number: int) -> HttpResponse:
    """One row as it is now, for a list that is open. 204 when the case is not (or no more) in that list."""
    view = lists.VIEWS.get(request.GET.get("view", ""))
    if view is None:
        raise Http404
    related = ("contact", "customer", "assigned_employee", "assigned_team")
    case = readable(request.user).select_related(*related).filter(number=number).first()
    if case is None:
        return HttpResponse(status=204)
    is_in_view = view.rows(request.user).filter(pk=case.pk).exists()
    if not is_in_view and "keep" not in request.GET:
        return HttpResponse(status=204)
    return render(request, "cases/_row.html", {"case": case, "view": view, "has_left": not is_in_view})


@employee_page
@require_safe
def case_counts(request: EmployeeRequest) -> HttpResponse:
    """The numbers beside the views."""
    return JsonResponse(_shown_counts(request.user))


@employee_page
@require_safe
def case_changes(request: EmployeeRequest) -> HttpResponse:
    """Numbers of the cases that changed since `since`: what an open page missed while its stream was not open."""
    now = timezone.now()
    since = parse_datetime(request.GET.get("since", "").replace(" ", "+")) or now
    changed = readable(request.user).filter(modified_at__gte=since - OVERLAP).order_by("-modified_at", "-pk")
    return JsonResponse(
        {"now": now.isoformat(), "numbers": list(changed.values_list("number", flat=True)[:MOST_CHANGES])}
    )


@writer_page
@require_POST
def bulk(request: EmployeeRequest) -> HttpResponse:
    """The same change to every case that is ticked."""
    numbers = [int(number) for number in request.POST.getlist("case") if number.isdecimal()][:200]
    action, value = request.POST.get("action", ""), request.POST.get("value", "")
    back = request.POST.get("view", "my-cases")
    changed, problems = 0, []
    for case in Case.objects.visible_to(request.user).filter(number__in=numbers):
        try:
            _apply(case, action, value, request.user)
            changed += 1
        except (CaseError, ValueError) as error:
            problems.append(str(error))
    if changed:
        text = ngettext("%(count)s case changed.", "%(count)s cases changed.", changed) % {"count": changed}
        messages.success(request, text)
    for problem in problems[:3]:
        messages.error(request, problem)
    return redirect(reverse("case-list", args=[back if back in lists.VIEWS else "my-cases"]))


def _apply(case: Case, action: str, value: str, by: Employee) -> None:
    if action == "close":
        case.close(by=by)
    elif action == "status" and value in Status.values:
        case.set_status(value, by=by)
    elif action == "assign":
        case.assign(colleague(by, value), by=by)
    else:
        raise ValueError(_("Nothing was chosen. Choose what to do with the cases."))


def colleague(by: Employee, value: str) -> Employee | None:
    """The active employee of the same organisation with that id; None for nobody.

    Raises ValueError for an id that is none of theirs.
    """
    if not value or value == "0":
        return None
    rows = Employee.objects.active().filter(organisation_id=by.organisation_id)
    found = rows.filter(pk=int(value)).first() if value.isdecimal() and len(value) < 18 else None
    if found is None:
        raise ValueError(_("This person is not an active employee. Choose somebody else."))
    return found


def _shown_counts(employee: Employee) -> dict[str, str]:
    most = lists.MOST_COUNTED - 1
    found = lists.counts(employee)
    return {slug: f"{most}+" if count > most else str(count) for slug, count in found.items()}
