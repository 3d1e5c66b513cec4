"""Settings → Statuses, and Settings → Company."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods

from caseway.accounts.models import Organisation
from caseway.cases.models import Status
from caseway.web.doors import EmployeeRequest, administrator_page
from caseway.web.forms.account import zone_names
from caseway.web.forms.company import CompanyForm, StatusesForm

MEANINGS = {
    Status.NEW: gettext_noop("Nobody has answered yet. Every case that mail opens begins here."),
    Status.OPEN: gettext_noop("It is your turn: the customer wrote last, or somebody is at it."),
    Status.WAITING: gettext_noop(
        "It is the customer’s turn. “Send and set Waiting” leads here, a reply leads back to Open."
    ),
    Status.CLOSED: gettext_noop("Done. It is in no open list."),
}


@administrator_page
@require_http_methods(["GET", "HEAD", "POST"])
def statuses(request: EmployeeRequest) -> HttpResponse:
    """What the four mean, and when a closed case opens again."""
    form = StatusesForm(request.POST or None, instance=_fresh(request))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("statuses")
    context = {
        "app": "cases",
        "section": "statuses",
        "form": form,
        "rows": [(status.value, status.label, MEANINGS[status]) for status in Status],
    }
    return render(request, "settings/setup/statuses.html", context, status=422 if form.errors else 200)


@administrator_page
@require_http_methods(["GET", "HEAD", "POST"])
def company(request: EmployeeRequest) -> HttpResponse:
    """What holds for everybody."""
    form = CompanyForm(request.POST or None, instance=_fresh(request))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("company-settings")
    context = {"app": "cases", "section": "company-settings", "form": form, "zones": zone_names()}
    return render(request, "settings/setup/company.html", context, status=422 if form.errors else 200)


def _fresh(request: EmployeeRequest) -> Organisation:
    """A row of its own: a form that is refused writes into it."""
    return Organisation.objects.get(pk=request.user.organisation_id)
