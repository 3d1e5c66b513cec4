"""Mail that tells people of something that only they can mend."""

from __future__ import annotations

from django.conf import settings

from caseway.accounts.models import Employee, Role
from caseway.mail.address import address_key
from caseway.mail.model import Address
from caseway.mailboxes.models import Mailbox
from caseway.outbound.system import send_system


def mailbox_stopped(mailbox: Mailbox) -> None:
    """Tell the mailbox's owner and the administrators that its server refuses the login.

    Leaves through the system's own server, and goes to nobody whose own mail is in that mailbox while somebody else
    can be told.
    """
    people = Employee.objects.active().filter(organisation_id=mailbox.organisation_id)
    told = {one.pk: one for one in people.filter(role=Role.ADMINISTRATOR)}
    if mailbox.owner is not None and mailbox.owner.is_active:
        told[mailbox.owner.pk] = mailbox.owner
    elsewhere = [one for one in told.values() if address_key(one.email) != address_key(mailbox.address)]
    text = (
        f"No new mail to {mailbox.address} becomes a case at the moment, because its server refuses the login.\n\n"
        f"{mailbox.error_cause}\n{mailbox.error_fix}\n\n"
        f"The server said: {mailbox.error_line or '(nothing)'}\n\n"
        f"Mail waits on the server and is taken in once this is mended: {settings.CASEWAY_URL}/settings/email-to-case\n"
    )
    for employee in elsewhere or told.values():
        send_system(
            mailbox.organisation,
            Address(employee.name, employee.email),
            f"{mailbox.address} is not read any more",
            text,
        )
