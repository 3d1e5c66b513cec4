"""Mail about what an employee has not read: one for all that gathered, never one for each."""

from __future__ import annotations

import datetime
import logging

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from caseway.accounts.languages import as_read_by
from caseway.accounts.models import Employee
from caseway.accounts.scope import every_organisation, organisation_scope
from caseway.cases.models import Notification
from caseway.cases.notices import sentence, with_words
from caseway.mail.address import address_key
from caseway.mail.compose import UnsendableError
from caseway.mail.model import Address
from caseway.outbound.own import own_addresses
from caseway.outbound.system import send_system

log = logging.getLogger(__name__)

GATHER = datetime.timedelta(minutes=2)
"""How long the first of them waits for others, and for being read in the workspace."""
MOST_TOLD = 30
"""Told in one mail; of more only the count."""


def mail_due() -> int:
    """Queue what is due; returns for how many employees. Safe in any number of processes at once."""
    with every_organisation():
        rows = _to_mail().filter(created_at__lte=timezone.now() - GATHER).order_by()
        due = list(rows.values_list("organisation_id", "employee_id").distinct()[:100])
    for organisation_id, employee_id in due:
        with organisation_scope(organisation_id):
            _mail(employee_id)
    return len(due)


def _mail(employee_id: int) -> None:
    with transaction.atomic():
        waiting = _to_mail().filter(employee_id=employee_id).order_by("id").select_for_update(skip_locked=True)
        numbers = list(waiting.values_list("pk", flat=True))
        if not numbers:
            return  # another worker has them
        employee = Employee.objects.select_related("organisation").get(pk=employee_id)
        rows = list(with_words(Notification.objects.filter(pk__in=numbers, case__deleted_at=None)).order_by("pk"))
        if rows and _may_be_written_to(employee):
            _send(employee, rows)
        Notification.objects.filter(pk__in=numbers).update(mailed_at=timezone.now())


def _to_mail() -> QuerySet[Notification]:
    return Notification.objects.filter(to_mail=True, read_at=None, mailed_at=None)


def _may_be_written_to(employee: Employee) -> bool:
    """Nobody who left, and no address that our own mail comes in by: that would make a case of it, and so on."""
    return employee.is_active and address_key(employee.email) not in own_addresses(employee.organisation_id)


def _send(employee: Employee, rows: list[Notification]) -> None:
    with as_read_by(employee):
        count = len(rows)
        subject = sentence(rows[0])
        if count > 1:
            subject = ngettext("%(count)s thing to look at", "%(count)s things to look at", count) % {"count": count}
        parts = [_told(row) for row in rows[:MOST_TOLD]]
        if more := count - MOST_TOLD if count > MOST_TOLD else 0:
            parts.append(ngettext("And %(count)s more.", "And %(count)s more.", more) % {"count": more})
        parts.append(
            _("Choose in your profile what you are told of, and how: %(link)s")
            % {"link": f"{settings.CASEWAY_URL}/profile#notifications"}
        )
        text = "\n\n".join(parts) + "\n"
    try:
        send_system(employee.organisation, Address(employee.name, employee.email), subject, text)
    except UnsendableError:
        log.warning("%s cannot be told by mail: the address cannot be written to", employee.email)


def _told(row: Notification) -> str:
    snippet = " ".join(str(getattr(row, "snippet", "") or "").split())
    link = f"{settings.CASEWAY_URL}/cases/{row.case.number}"
    return "\n".join(part for part in (f"{sentence(row)}: {row.case.subject}", snippet, link) if part)
