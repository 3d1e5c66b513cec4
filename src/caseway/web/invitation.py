"""Invitations: a signed link that works once, for a week, and lets a new employee choose a password."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from caseway.accounts.models import Employee
from caseway.accounts.scope import every_organisation
from caseway.mail.model import Address
from caseway.outbound.system import send_system

LIFETIME = timedelta(days=7)
_SALT = "caseway.invitation"


def send(employee: Employee, *, by: Employee) -> None:
    """Mail the employee a new link. Earlier links stop working. Call it inside a transaction."""
    employee.set_unusable_password()  # random: earlier links name another one
    employee.invited_at = timezone.now()
    employee.invited_by = by
    employee.save(update_fields=["password", "invited_at", "invited_by"])
    text = _(
        "Hello %(name)s,\n\n%(by)s invites you to the help desk of %(organisation)s. Open this page and choose a "
        "password:\n\n%(link)s\n\nThe link works once, for seven days."
    ) % {
        "name": employee.first_name,
        "by": by.name,
        "organisation": employee.organisation.name,
        "link": settings.CASEWAY_URL + reverse("accept-invitation", args=[token_of(employee)]),
    }
    subject = _("Your invitation to %(organisation)s") % {"organisation": employee.organisation.name}
    send_system(employee.organisation, Address(employee.name, employee.email), subject, text)


def token_of(employee: Employee) -> str:
    """The link's token. It names the present (unusable) password, so that it dies when one is chosen."""
    return signing.dumps({"employee": employee.pk, "state": _state(employee)}, salt=_SALT)


def employee_of(token: str) -> Employee | None:
    """The employee that a token invites; None when it is used, replaced, too old or not ours."""
    try:
        values = signing.loads(token, salt=_SALT, max_age=LIFETIME)
    except signing.BadSignature:
        return None
    with every_organisation():
        employee = Employee.objects.active().select_related("organisation").filter(pk=values.get("employee")).first()
    if employee is None or not employee.is_invited or _state(employee) != values.get("state"):
        return None
    return employee


def _state(employee: Employee) -> str:
    return hashlib.sha256(employee.password.encode()).hexdigest()[:32]
