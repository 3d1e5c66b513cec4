"""API tokens: made for oneself, shown once, revoked at once."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from caseway.accounts.models import ApiToken
from caseway.web.doors import EmployeeRequest, administrator_page
from caseway.web.forms.employees import TokenForm


@administrator_page
@require_http_methods(["GET", "HEAD", "POST"])
def api_tokens(request: EmployeeRequest) -> HttpResponse:
    """A new token stands in the answer to the POST and nowhere after."""
    form, token = TokenForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        token = ApiToken.issue(request.user, form.cleaned_data["name"])
        form = TokenForm()
    rows = ApiToken.objects.filter(organisation_id=request.user.organisation_id).select_related("employee")
    context = {"app": "cases", "section": "api-tokens", "form": form, "token": token, "rows": rows.order_by("-pk")}
    return render(request, "settings/api_tokens.html", context, status=422 if form.errors else 200)


@administrator_page
@require_POST
def revoke(request: EmployeeRequest, pk: int) -> HttpResponse:
    row = ApiToken.objects.filter(organisation_id=request.user.organisation_id, pk=pk).first()
    if row is None:
        raise Http404
    row.delete()
    messages.success(request, _("Revoked. Programs that use it are refused from now on."))
    return redirect("api-tokens")
