"""What people set for themselves: profile, password, theme."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from caseway.web.doors import EmployeeRequest, employee_page
from caseway.web.forms.account import ChangePasswordForm, ProfileForm


@employee_page
@require_safe
def settings(request: EmployeeRequest) -> HttpResponse:
    """More → Settings: its first page that the employee may open."""
    return redirect("email-to-case" if request.user.is_administrator else "profile")


@employee_page
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: EmployeeRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("profile")
    context = {"form": form, "password_form": ChangePasswordForm(employee=request.user), "section": "profile"}
    return render(request, "settings/profile.html", context, status=422 if form.errors else 200)


@employee_page
@sensitive_post_parameters()
@require_POST
def password(request: EmployeeRequest) -> HttpResponse:
    """Change one's own password; other sessions end, this one goes on."""
    form = ChangePasswordForm(request.POST, employee=request.user)
    if form.is_valid():
        request.user.set_password(form.cleaned_data["password"])
        request.user.save(update_fields=["password"])
        update_session_auth_hash(request, request.user)
        messages.success(request, _("Your password is changed. Other devices have to sign in again."))
        return redirect("profile")
    context = {"form": ProfileForm(instance=request.user), "password_form": form, "section": "profile"}
    return render(request, "settings/profile.html", context, status=422)


@employee_page
@require_POST
def theme(request: EmployeeRequest) -> HttpResponse:
    wanted = request.POST.get("theme", "")
    if wanted in {"", "light", "dark"}:
        request.user.theme = wanted
        request.user.save(update_fields=["theme"])
    if request.headers.get("X-Requested-With") == "caseway":
        return HttpResponse(status=204)
    back = request.headers.get("Referer", "")
    return redirect(back if url_has_allowed_host_and_scheme(back, {request.get_host()}) else "cases")
