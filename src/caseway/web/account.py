"""What people set for themselves: profile, password, theme."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from caseway.accounts.languages import as_read_by
from caseway.accounts.models import Employee
from caseway.cases import notices as told
from caseway.cases.models import NotificationKind
from caseway.web.doors import EmployeeRequest, employee_page
from caseway.web.forms.account import ChangePasswordForm, ProfileForm, zone_names


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
        with as_read_by(request.user):  # the new language answers
            messages.success(request, _("Saved."))
        return redirect("profile")
    return _page(request, form, ChangePasswordForm(employee=request.user))


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
    return _page(request, ProfileForm(instance=request.user), form)


@employee_page
@require_POST
def notices(request: EmployeeRequest) -> HttpResponse:
    """What the employee is told of, and how: `notice`, repeated, each a kind, a colon and a way."""
    chosen = set(request.POST.getlist("notice"))
    request.user.notices = {
        kind: [way for way in told.WAYS if f"{kind}:{way}" in chosen] for kind in NotificationKind.values
    }
    request.user.save(update_fields=["notices"])
    messages.success(request, _("Saved."))
    return redirect(f"{reverse('profile')}#notifications")


def _page(request: EmployeeRequest, form: ProfileForm, password_form: ChangePasswordForm) -> HttpResponse:
    fresh = Employee.objects.select_related("organisation").get(pk=request.user.pk) if form.errors else request.user
    ways = [
        (kind, label, [(way, way in told.ways_of(fresh, kind)) for way in told.WAYS])
        for kind, label in NotificationKind.choices
    ]
    context = {
        "app": "cases",
        "section": "profile",
        "employee": fresh,  # a refused form has written into the user
        "form": form,
        "password_form": password_form,
        "zones": zone_names(),
        "ways": ways,
    }
    return render(request, "settings/profile.html", context, status=422 if form.errors or password_form.errors else 200)


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
