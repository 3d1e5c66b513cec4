"""Signing in and out, forgotten passwords, and accepting an invitation."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.tokens import default_token_generator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.encoding import force_str
from django.utils.http import url_has_allowed_host_and_scheme, urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from caseway.accounts.models import Employee
from caseway.accounts.scope import every_organisation, organisation_scope
from caseway.mail.model import Address
from caseway.outbound.system import send_system
from caseway.web import invitation
from caseway.web.forms.account import ForgottenPasswordForm, NewPasswordForm, SignInForm
from caseway.web.models import Attempt

MOST_BY_ADDRESS = 10
MOST_BY_ORIGIN = 60


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """One answer for an unknown address and a wrong password; too many tries have to wait."""
    if request.user.is_authenticated:
        return redirect(_next(request))
    form = SignInForm(request.POST or None)
    error, status = "", 200
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"].strip()
        if _too_many(request, "sign-in", email):
            error, status = _("Too many tries. Wait a quarter of an hour, or set a new password."), 429
        elif employee := authenticate(request, username=email, password=form.cleaned_data["password"]):
            assert isinstance(employee, Employee)
            Attempt.forget("sign-in", email)
            _enter(request, employee)
            return redirect(_next(request))
        else:
            error, status = _("Email and password do not fit together. Check both, or set a new password."), 401
    context = {"form": form, "error": error, "next": request.POST.get("next") or request.GET.get("next", "")}
    return render(request, "account/sign_in.html", context, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("sign-in")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten_password(request: HttpRequest) -> HttpResponse:
    """Sends a link to set a new password, if the address is an employee's; the answer does not tell."""
    form = ForgottenPasswordForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "account/forgotten_password.html", {"form": form})
    email = form.cleaned_data["email"].strip()
    if not _too_many(request, "forgotten-password", email):
        with every_organisation():
            employee = Employee.objects.active().select_related("organisation").filter(email__iexact=email).first()
        if employee is not None and not employee.is_invited:
            with organisation_scope(employee.organisation_id):
                _send_password_link(employee)
    return render(request, "account/forgotten_password.html", {"form": form, "is_sent": True})


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def new_password(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """The link of the mail: works once and for a limited time."""
    employee = _employee_of(uid)
    if employee is None or not default_token_generator.check_token(employee, token):
        return render(request, "account/link_expired.html", {"kind": "password"}, status=410)
    return _choose_password(request, employee, "account/new_password.html")


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def accept_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The link of an invitation: the new employee chooses a password and is signed in."""
    employee = invitation.employee_of(token)
    if employee is None:
        return render(request, "account/link_expired.html", {"kind": "invitation"}, status=410)
    return _choose_password(request, employee, "account/accept_invitation.html")


def _choose_password(request: HttpRequest, employee: Employee, template: str) -> HttpResponse:
    form = NewPasswordForm(request.POST or None, employee=employee)
    if request.method == "POST" and form.is_valid():
        with organisation_scope(employee.organisation_id):
            employee.set_password(form.cleaned_data["password"])
            employee.save(update_fields=["password"])
        Attempt.forget("sign-in", employee.email)
        _enter(request, employee)
        messages.success(request, _("Your password is set."))
        return redirect("cases")
    return render(request, template, {"form": form, "invited": employee}, status=422 if form.errors else 200)


def _enter(request: HttpRequest, employee: Employee) -> None:
    with organisation_scope(employee.organisation_id):
        login(request, employee, backend="caseway.accounts.sign_in.EmployeeBackend")


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return wanted
    return resolve_url("cases")


def _too_many(request: HttpRequest, kind: str, email: str) -> bool:
    origin = request.META.get("REMOTE_ADDR", "")
    by_address = Attempt.too_many(kind, email, MOST_BY_ADDRESS)
    return Attempt.too_many(f"{kind}/origin", origin, MOST_BY_ORIGIN) or by_address


def _employee_of(uid: str) -> Employee | None:
    try:
        number = int(force_str(urlsafe_base64_decode(uid)))
    except (ValueError, OverflowError):
        return None
    with every_organisation():
        return Employee.objects.active().select_related("organisation").filter(pk=number).first()


def _send_password_link(employee: Employee) -> None:
    uid = urlsafe_base64_encode(str(employee.pk).encode())
    path = reverse("new-password", args=[uid, default_token_generator.make_token(employee)])
    text = _(
        "Hello %(name)s,\n\nsomebody asked to set a new password for your Caseway account. Open this page to do it:\n\n"
        "%(link)s\n\nIt works once. If it was not you, do nothing: your password stays as it is."
    ) % {"name": employee.first_name, "link": settings.CASEWAY_URL + path}
    send_system(employee.organisation, Address(employee.name, employee.email), _("Set a new password"), text)
