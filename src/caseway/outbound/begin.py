"""A case that begins with a mail of ours: it is opened and the mail is queued, both or neither."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext as _

from caseway.accounts.models import Employee
from caseway.cases.models import Case, DraftKind
from caseway.cases.opening import open_by_hand, record_addresses
from caseway.contacts.models import Contact
from caseway.outbound.errors import CannotSendError
from caseway.outbound.models import OutboundEmail
from caseway.outbound.reply import ReplyDraft, check, reply


def begin(employee: Employee, draft: ReplyDraft) -> OutboundEmail:
    """Open a case for the first of `draft.to` and send the draft as its first mail; the writer gets the case.

    The same `request_key` begins one case. Raises CannotSendError, NotAllowedError.
    """
    organisation = employee.organisation
    if draft.request_key:
        known = OutboundEmail.objects.filter(organisation=organisation, request_key=draft.request_key).first()
        if known is not None and known.case is not None:
            return known
    if not draft.to:
        raise CannotSendError(_("The mail has no recipient. Fill in To."))
    check(Case(organisation=organisation), draft)
    with transaction.atomic():
        first = draft.to[0]
        contact, _is_new = Contact.objects.for_sender(organisation.pk, first)
        case = open_by_hand(
            organisation,
            by=employee,
            subject=draft.subject.strip() or "(no subject)",
            contact=contact,
            email=first.email,
            assigned_employee=employee,
        )
        record_addresses(case, [draft.from_address])
        return reply(case, employee, replace(draft, kind=DraftKind.NEW, subject=case.subject))
