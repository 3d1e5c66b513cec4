"""Importing older mail of a connected mailbox: choosing which, and stopping it; its progress is in the list."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from caseway.intake import history
from caseway.intake.models import HistoryImport
from caseway.web.doors import EmployeeRequest, administrator_page
from caseway.web.email_to_case import context_of_addresses, find_address


@administrator_page
@require_http_methods(["GET", "HEAD", "POST"])
def import_history(request: EmployeeRequest, pk: int) -> HttpResponse:
    """Ask from which day on; posting it starts the import."""
    row = find_address(request, pk)
    error = ""
    if request.method == "POST":
        try:
            since = _since(request)
            history.request(row.mailbox, since, by=request.user)
        except ValueError as refused:
            error = str(refused)
        except history.ImportRunsError as refused:
            messages.error(request, str(refused))
            return redirect("email-to-case")
        else:
            messages.success(
                request, _("Older mail of %(address)s is being imported.") % {"address": row.mailbox.address}
            )
            return redirect("email-to-case")
    context = context_of_addresses(request) | {
        "drawer": "history",
        "row": row,
        "error": error,
        "since": request.POST.get("since") or (timezone.localdate() - dt.timedelta(days=30)).isoformat(),
        "range": request.POST.get("range", "since"),
        "today": timezone.localdate().isoformat(),
    }
    return render(request, "settings/email_to_case.html", context, status=422 if error else 200)


@administrator_page
@require_POST
def stop_import(request: EmployeeRequest, pk: int) -> HttpResponse:
    """What was imported until now stays."""
    asked = HistoryImport.objects.filter(organisation_id=request.user.organisation_id, pk=pk).first()
    if asked is None:
        raise Http404
    history.cancel(asked, by=request.user)
    messages.success(request, _("The import is stopped. What it brought stays."))
    return redirect("email-to-case")


def _since(request: EmployeeRequest) -> dt.date | None:
    """The day that was chosen; None for everything. Raises ValueError with a sentence."""
    if request.POST.get("range") == "all":
        return None
    try:
        return dt.date.fromisoformat(request.POST.get("since", ""))
    except ValueError:
        raise ValueError(_("Enter the first day, such as 2026-01-31, or choose everything.")) from None
