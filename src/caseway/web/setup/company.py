"""Settings → Statuses, and Settings → Company."""

from __future__ import annotations

from typing import Any

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
    rows = [(status.value, status.label, MEANINGS[status]) for status in Status]
    return _form_page(request, StatusesForm, "statuses", "settings/setup/statuses.html", rows=rows)


@administrator_page
@require_http_methods(["GET", "HEAD", "POST"])
def company(request: EmployeeRequest) -> HttpResponse:
    """What holds for everybody."""
    return _form_page(request, CompanyForm, "company-settings", "settings/setup/company.html", zones=zone_names())


def _form_page(
    request: EmployeeRequest, kind: type[CompanyForm] | type[StatusesForm], section: str, template: str, **shown: Any
) -> HttpResponse:
    """The page `section`; a form that was sent is saved, or drawn again with what is wrong."""
    fresh = Organisation.objects.get(pk=request.user.organisation_id)  # a form that is refused writes into it
    form = kind(request.POST or None, instance=fresh)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect(section)
    context = {"app": "cases", "section": section, "form": form, **shown}
    return render(request, template, context, status=422 if form.errors else 200)
