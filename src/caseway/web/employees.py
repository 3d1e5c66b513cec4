"""Employees: inviting, roles, leaving. An organisation always keeps one active administrator."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from caseway.accounts.models import Employee, Organisation, Role
from caseway.mail.compose import UnsendableError
from caseway.web import invitation
from caseway.web.doors import EmployeeRequest, administrator_page
from caseway.web.forms.employees import InvitationForm


class LastAdministratorError(Exception):
    """Nobody could invite, connect addresses or change roles any more."""


@administrator_page
@require_safe
def employees(request: EmployeeRequest) -> HttpResponse:
    return _page(request, InvitationForm())


@administrator_page
@require_POST
def invite(request: EmployeeRequest) -> HttpResponse:
    """Add an employee and mail the link to choose a password."""
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return _page(request, form, 422)
    values = form.cleaned_data
    try:
        with transaction.atomic():
            row = Employee.objects.create_employee(
                request.user.organisation, values["email"], values["name"], values["role"]
            )
            invitation.send(row, by=request.user)
    except UnsendableError as error:
        form.add_error("email", str(error))
        return _page(request, form, 422)
    messages.success(request, _("%(name)s is invited. The link works for seven days.") % {"name": row.name})
    return redirect("employees")


@administrator_page
@require_POST
def invite_again(request: EmployeeRequest, pk: int) -> HttpResponse:
    """A new link; the old one stops working."""
    row = _find(request, pk)
    if row.is_invited and row.is_active:
        with transaction.atomic():
            invitation.send(row, by=request.user)
        messages.success(request, _("A new invitation is on its way. The old link no longer works."))
    return redirect("employees")


@administrator_page
@require_POST
def role(request: EmployeeRequest, pk: int) -> HttpResponse:
    _find(request, pk)
    wanted = request.POST.get("role", "")
    if wanted not in Role.values:
        messages.error(request, _("This role does not exist. Choose one of the list."))
        return redirect("employees")
    return _change(request, pk, _("The role is changed."), role=wanted)


@administrator_page
@require_POST
def deactivate(request: EmployeeRequest, pk: int) -> HttpResponse:
    """No more signing in; open pages and tokens end. Cases and history stay."""
    return _change(request, pk, _("Deactivated. Cases stay as they are and can be assigned anew."), is_active=False)


@administrator_page
@require_POST
def reactivate(request: EmployeeRequest, pk: int) -> HttpResponse:
    return _change(request, pk, _("Active again."), is_active=True)


def _change(request: EmployeeRequest, pk: int, success: str, **values: object) -> HttpResponse:
    row = _find(request, pk)
    try:
        with transaction.atomic():
            Organisation.objects.select_for_update().get(pk=row.organisation_id)  # one at a time: see the check below
            Employee.objects.filter(pk=row.pk).update(**values)
            _require_administrator(row.organisation_id)
    except LastAdministratorError:
        messages.error(
            request, _("%(name)s is the last administrator. Make somebody else one first.") % {"name": row.name}
        )
    else:
        messages.success(request, success)
    return redirect("employees")


def _require_administrator(organisation_id: int) -> None:
    rows = Employee.objects.active().filter(organisation_id=organisation_id, role=Role.ADMINISTRATOR)
    if not any(row.has_usable_password() for row in rows):
        raise LastAdministratorError


def _find(request: EmployeeRequest, pk: int) -> Employee:
    row = Employee.objects.filter(organisation_id=request.user.organisation_id, pk=pk).first()
    if row is None:
        raise Http404
    row.organisation = request.user.organisation
    return row


def _page(request: EmployeeRequest, form: InvitationForm, status: int = 200) -> HttpResponse:
    rows = Employee.objects.filter(organisation_id=request.user.organisation_id).order_by("-is_active", "name")
    context = {"app": "cases", "section": "employees", "rows": rows, "form": form, "roles": Role.choices}
    return render(request, "settings/employees.html", context, status=status)
