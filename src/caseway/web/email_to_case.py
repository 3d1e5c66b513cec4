"""Email to Case: the connected addresses, adding one, and watching Authenticate at work."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from caseway.accounts.models import Employee, Team
from caseway.accounts.plans import Feature, Plan, includes, require
from caseway.intake.counts import lines_by_mailbox
from caseway.intake.history import latest_imports
from caseway.mailboxes import autoconfig, diagnosis, management
from caseway.mailboxes.autoconfig import Guess
from caseway.mailboxes.diagnose import STEPS
from caseway.mailboxes.form import AccountForm, needs_authentication, validate
from caseway.mailboxes.models import AfterProcessing, Diagnosis, DiagnosisState, Security, SupportAddress
from caseway.web.doors import EmployeeRequest, administrator_page

RUNNING = (DiagnosisState.REQUESTED, DiagnosisState.RUNNING)
REMEMBERED = "email-to-case"
"""Session key of what was typed last, passwords left out: Back to the form finds it."""
SWITCHES = ("from_email_id", "add_to_cc", "is_default", "acknowledges", "copies_sent")


@administrator_page
@require_safe
def addresses(request: EmployeeRequest) -> HttpResponse:
    return render(request, "settings/email_to_case.html", context_of_addresses(request))


@administrator_page
@require_safe
def address_list(request: EmployeeRequest) -> HttpResponse:
    """The list by itself: health as it is now."""
    return render(request, "settings/_addresses.html", context_of_addresses(request))


@administrator_page
@require_safe
def guess(request: EmployeeRequest) -> HttpResponse:
    """The servers that an address's provider or domain names; {} when nothing is known."""
    require(request.user.organisation, Feature.EMAIL_TO_CASE)
    found = autoconfig.guess(request.GET.get("address", "").strip()[:320])
    return JsonResponse(_guess_values(found) if found else {})


@administrator_page
@sensitive_post_parameters("password", "smtp_password")
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: EmployeeRequest) -> HttpResponse:
    """The Add drawer; posting it starts Authenticate. Nothing is saved before every check passed."""
    require(request.user.organisation, Feature.EMAIL_TO_CASE)
    if request.method == "POST":
        return _authenticate(request, None)
    return _show_form(request, None, _starting_values())


@administrator_page
@sensitive_post_parameters("password", "smtp_password")
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: EmployeeRequest, pk: int) -> HttpResponse:
    """The same for a connected address. What touches no server is saved at once."""
    row = find_address(request, pk)
    if request.method == "POST":
        require(request.user.organisation, Feature.EMAIL_TO_CASE)
        return _authenticate(request, row)
    values = AccountForm.of(row).shown()
    if alias := request.GET.get("alias", "").strip()[:320]:
        values["aliases"] = list(dict.fromkeys([*values["aliases"], alias]))
    return _show_form(request, row, values)


@administrator_page
@require_POST
def pause(request: EmployeeRequest, pk: int) -> HttpResponse:

    row = find_address(request, pk)
    management.pause(row, by=request.user)
    messages.success(request, _("%(address)s is paused. Its mail waits in the mailbox.") % {"address": row.address})
    return redirect("email-to-case")


@administrator_page
@require_POST
def resume(request: EmployeeRequest, pk: int) -> HttpResponse:

    row = find_address(request, pk)
    management.resume(row, by=request.user)
    messages.success(request, _("%(address)s is read again.") % {"address": row.address})
    return redirect("email-to-case")


@administrator_page
@require_POST
def deletion(request: EmployeeRequest, pk: int) -> HttpResponse:
    """Disconnect an address. Its cases and mail stay."""

    row = find_address(request, pk)
    management.delete(row, by=request.user)
    messages.success(request, _("%(address)s is disconnected. Its cases stay.") % {"address": row.address})
    return redirect("email-to-case")


@administrator_page
@require_safe
def authentication(request: EmployeeRequest, pk: int) -> HttpResponse:
    """The drawer while Authenticate runs, and its result."""
    return render(
        request, "settings/email_to_case.html", context_of_addresses(request) | _diagnosis_context(request, pk)
    )


@administrator_page
@require_safe
def steps(request: EmployeeRequest, pk: int) -> HttpResponse:
    """The drawer's content as it is now."""
    return render(request, "settings/_authentication.html", _diagnosis_context(request, pk))


@administrator_page
@require_safe
def form_again(request: EmployeeRequest, pk: int) -> HttpResponse:
    """Back to the form: everything typed is there, but for the passwords."""
    run = _find_diagnosis(request, pk)
    remembered = request.session.get(REMEMBERED) or {}
    values = remembered.get("values") if remembered.get("diagnosis") == pk else None
    return _show_form(request, run.support_address, values or _starting_values())


def _authenticate(request: EmployeeRequest, row: SupportAddress | None) -> HttpResponse:

    form = validate(request.POST, row)
    if not isinstance(form, AccountForm):
        return _show_form(request, row, _typed(request), errors=form, status=422)
    if row is not None and not needs_authentication(form, row):
        management.update(row, form, by=request.user)
        messages.success(request, _("Saved."))
        return redirect("email-to-case")
    asked = diagnosis.request(request.user.organisation, request.user, form, row)
    request.session[REMEMBERED] = {"diagnosis": asked.pk, "values": _plain(form.shown())}
    return redirect("authentication", asked.pk)


def _show_form(
    request: EmployeeRequest,
    row: SupportAddress | None,
    values: dict[str, Any],
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    organisation = {"organisation_id": request.user.organisation_id}
    context = context_of_addresses(request) | {
        "drawer": "form",
        "row": row,
        "values": values,
        "errors": errors or {},
        "people": Employee.objects.active().filter(**organisation).order_by("name"),
        "teams": Team.objects.filter(**organisation).order_by("name"),
        "securities": Security.choices,
        "afterwards": AfterProcessing.choices,
    }
    return render(request, "settings/email_to_case.html", context, status=status)


def context_of_addresses(request: EmployeeRequest) -> dict[str, Any]:
    """What the list of addresses shows."""
    organisation = request.user.organisation
    rows = SupportAddress.objects.filter(organisation=organisation, deleted_at=None, mailbox__deleted_at=None)
    related = ("mailbox", "mailbox__state_by", "assigned_employee", "assigned_team", "paused_by")
    found = list(rows.select_related(*related).order_by("address", "pk"))
    return {
        "app": "cases",
        "section": "email-to-case",
        "rows": found,
        "imports": latest_imports(organisation.pk),
        "counts": lines_by_mailbox(organisation.pk),
        "is_included": includes(organisation, Feature.EMAIL_TO_CASE),
        "plan": Plan(organisation.plan).label,
    }


def _diagnosis_context(request: EmployeeRequest, pk: int) -> dict[str, Any]:
    run = _find_diagnosis(request, pk)
    told = {step["name"] for step in run.steps}
    waiting = [{"name": name, "state": "wait"} for name in STEPS if name not in told] if run.state in RUNNING else []
    return {
        "drawer": "authentication",
        "diagnosis": run,
        "is_running": run.state in RUNNING,
        "steps": [*run.steps, *waiting] if run.steps else [],
        "failed": next((step for step in run.steps if step["state"] == "bad"), None),
        "passed": sum(1 for step in run.steps if step["state"] == "ok"),
    }


def find_address(request: EmployeeRequest, pk: int) -> SupportAddress:
    """A row of the employee's organisation, or 404."""
    rows = SupportAddress.objects.filter(organisation_id=request.user.organisation_id, deleted_at=None)
    row = rows.select_related("mailbox", "organisation").filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def _find_diagnosis(request: EmployeeRequest, pk: int) -> Diagnosis:
    rows = Diagnosis.objects.filter(organisation_id=request.user.organisation_id)
    row = rows.select_related("support_address", "support_address__mailbox").filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def _starting_values() -> dict[str, Any]:
    return {"imap_port": 993, "imap_security": "tls", "smtp_port": 465, "smtp_security": "tls", "acknowledges": True}


def _typed(request: EmployeeRequest) -> dict[str, Any]:
    """What was posted, in the shape of `AccountForm.shown`."""
    values: dict[str, Any] = {
        name: request.POST.get(name, "")
        for name in request.POST
        if name not in {"password", "smtp_password", "csrfmiddlewaretoken"}
    }
    kind, _separator, number = request.POST.get("assigned_to", "").partition(":")
    values |= {name: request.POST.get(name) == "on" for name in SWITCHES}
    values |= {f"assigned_{kind}": int(number) if number.isdecimal() else None} if kind in {"employee", "team"} else {}
    values |= {name: request.POST.get(name, "").splitlines() for name in ("aliases", "folders")}
    return values


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """For the session, which is JSON."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _guess_values(found: Guess) -> dict[str, str]:
    """What the form fills in by itself; `words` says where it is from."""
    names = ["imap_host", "imap_port", "imap_security", "login"]
    names += ["smtp_host", "smtp_port", "smtp_security"] if found.smtp_host else []
    values = {name: str(getattr(found, name)) for name in names if getattr(found, name)}
    told = _("Filled in for you: %(source)s.") % {"source": found.source} if found.source else _("Filled in for you.")
    return values | {"words": f"{told} {found.note}".strip()}
