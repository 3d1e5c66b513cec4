"""The doors to what an address names: a case, a message, an attachment. Another organisation's is not found."""

from __future__ import annotations

from functools import partial

from django.http import Http404

from caseway.accounts.models import Employee
from caseway.accounts.prepared import PreparedRows
from caseway.cases.models import Attachment, Case, Message
from caseway.cases.models.case import CaseQuerySet

RELATED = ("contact", "customer", "assigned_employee", "assigned_team")


def find_case(employee: Employee, number: int, *, in_trash: bool = False) -> Case:
    """The case with that number, or Http404. `in_trash`: a deleted one will do too."""
    if not 0 < number < 2**63:
        raise Http404
    found = _BY_NUMBER[in_trash].fetch(organisation=employee.organisation_id, number=number)
    if not found:
        raise Http404
    found[0].organisation = employee.organisation
    return found[0]


def _by_number(organisation: int, number: int, *, in_trash: bool) -> CaseQuerySet:
    rows = readable(Employee(organisation_id=organisation), in_trash=in_trash)
    return rows.select_related(*RELATED).filter(number=number)


_BY_NUMBER = {choice: PreparedRows(partial(_by_number, in_trash=choice)) for choice in (False, True)}


def readable(employee: Employee, *, in_trash: bool = True) -> CaseQuerySet:
    cases: CaseQuerySet = Case.objects.all()
    visible = cases.visible_to(employee)
    return visible | cases.deleted_for(employee) if in_trash else visible


def find_message(employee: Employee, pk: int) -> Message:
    """A message of a case that the employee may read, or Http404."""
    rows = Message.objects.select_related("case", "raw").filter(case__in=readable(employee))
    message = rows.filter(pk=pk).first()
    if message is None:
        raise Http404
    return message


def find_attachment(employee: Employee, pk: int) -> Attachment:
    """A file of a message of a case that the employee may read, or Http404."""
    rows = Attachment.objects.select_related("message", "message__raw").filter(message__case__in=readable(employee))
    attachment = rows.filter(pk=pk).first()
    if attachment is None:
        raise Http404
    return attachment
