"""Mail that tells people of something that only they can mend."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.conf import settings

from caseway.accounts.models import Employee, Organisation, Role
from caseway.mail.address import address_key
from caseway.mail.compose import UnsendableError
from caseway.mail.model import Address
from caseway.mailboxes.models import Mailbox
from caseway.outbound.system import send_system

log = logging.getLogger(__name__)


def mailbox_stopped(mailbox: Mailbox) -> None:
    """Tell the mailbox's owner and the administrators that its server refuses the login.

    Leaves through the system's own server, and goes to nobody whose own mail is in that mailbox while somebody else
    can be told.
    """
    text = (
        f"No new mail to {mailbox.address} becomes a case at the moment, because its server refuses the login.\n\n"
        f"{mailbox.error_cause}\n{mailbox.error_fix}\n\n"
        f"The server said: {mailbox.error_line or '(nothing)'}\n\n"
        f"Mail waits on the server and is taken in once this is mended: {settings.CASEWAY_URL}/settings/email-to-case\n"
    )
    owner = [mailbox.owner] if mailbox.owner is not None and mailbox.owner.is_active else []
    _send(mailbox.organisation, f"{mailbox.address} is not read any more", text, [mailbox.address], owner)


def tell_administrators(
    organisation: Organisation, subject: str, text: str, *, not_through: Sequence[str] = ()
) -> None:
    """One mail to each administrator through the system's own server, not into the mailboxes `not_through`."""
    link = f"{settings.CASEWAY_URL}/settings/email-to-case"
    _send(organisation, subject, f"{text}\n\n{link}\n", not_through)


def _send(
    organisation: Organisation, subject: str, text: str, not_through: Sequence[str], also: Sequence[Employee] = ()
) -> None:
    people = Employee.objects.active().filter(organisation=organisation, role=Role.ADMINISTRATOR)
    told = {one.pk: one for one in [*people, *also]}
    troubled = {address_key(address) for address in not_through}
    elsewhere = [one for one in told.values() if address_key(one.email) not in troubled]
    for employee in elsewhere or told.values():
        try:
            send_system(organisation, Address(employee.name, employee.email), subject, text)
        except UnsendableError:
            log.warning("%s cannot be told: the address cannot be written to", employee.email)
