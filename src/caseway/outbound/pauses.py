"""What Caseway stops by itself against loops, floods and runaway sending, and how a person lets it go on."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from caseway.accounts.bell import ring, tell
from caseway.accounts.models import Employee, Organisation, Role
from caseway.cases.errors import NotAllowedError
from caseway.mail.model import Address
from caseway.outbound.models import AcknowledgementCount, Pause, PauseKind
from caseway.outbound.system import send_system

ADDRESS_FOR = datetime.timedelta(days=1)
"""One address that used up its hour is most likely a machine."""
OTHERS_FOR = datetime.timedelta(hours=1)
"""A whole domain or mailbox also holds people."""


def pause_acknowledgements(organisation_id: int, key: str, reason: str) -> None:
    """Send none to an address, or to first-time senders of a domain or through a mailbox, for a while."""
    is_mailbox = key.startswith("mailbox:")
    until = timezone.now() + (ADDRESS_FOR if "@" in key[1:] and not is_mailbox else OTHERS_FOR)
    begun = begin(organisation_id, PauseKind.ACKNOWLEDGEMENTS, key, reason, until=until)
    if begun and is_mailbox:
        alert(
            organisation_id,
            "Acknowledgements are paused",
            f"Caseway paused acknowledgements: {reason}. The cases themselves are made as always.\n\n"
            "Somebody may be writing to you under many names. Have a look, and resume when all is well:",
            "/settings/mail-log",
        )


def begin(
    organisation_id: int, kind: PauseKind, key: str, reason: str, *, until: datetime.datetime | None = None
) -> bool:
    """Put a pause in force, or prolong the one that is; True when it is new. In any transaction."""
    unended = Pause.objects.filter(organisation_id=organisation_id, kind=kind, key=key[:320], ended_at=None)
    with transaction.atomic():
        known = unended.select_for_update().first()
        if known is not None:
            now = timezone.now()
            ran_out = known.until is not None and known.until <= now
            unended.update(until=until, reason=reason, **({"started_at": now} if ran_out else {}))
            return ran_out
        try:
            with transaction.atomic():
                Pause.objects.create(
                    organisation_id=organisation_id, kind=kind, key=key[:320], reason=reason, until=until
                )
        except IntegrityError:  # another process found it at the same time
            return False
        tell(organisation_id, "pause")
        return True


def end(pause: Pause, *, by: Employee) -> bool:
    """Let it go on; what was counted against the key begins anew. False when it had ended already."""
    if not by.is_administrator:
        raise NotAllowedError(by.name)
    with transaction.atomic():
        ended = Pause.objects.filter(pk=pause.pk, organisation_id=by.organisation_id, ended_at=None).update(
            ended_at=Now(), ended_by=by
        )
        if not ended:
            return False
        if pause.kind == PauseKind.ACKNOWLEDGEMENTS:
            AcknowledgementCount.objects.filter(organisation_id=by.organisation_id, key=pause.key).delete()
        if pause.kind == PauseKind.SENDING:
            ring("outbound")
        tell(by.organisation_id, "pause")
        return True


def alert(organisation_id: int, subject: str, text: str, path: str) -> None:
    """A mail to every administrator, through the system's own server."""
    organisation = Organisation.objects.get(pk=organisation_id)
    people = Employee.objects.active().filter(organisation_id=organisation_id, role=Role.ADMINISTRATOR)
    for person in people.order_by("pk"):
        send_system(
            organisation, Address(person.name, person.email), subject, f"{text}\n\n{settings.CASEWAY_URL}{path}\n"
        )
