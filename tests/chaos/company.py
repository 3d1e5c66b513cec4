"""Run as a program: brings the stage's empty database up to date and fills it with a company and its mailboxes."""

from __future__ import annotations

import json
import os
import sys


def make(users: list[str], port: int, senders: list[str], after: str) -> None:
    """One mailbox for each of `users`, all answering acknowledgements; `senders` are contacts already."""
    from caseway.ops.commands.migrate import migrate_here

    migrate_here()
    from caseway.accounts.models import Organisation
    from caseway.contacts.models import Contact
    from caseway.mail.model import Address
    from caseway.mailboxes.models import Mailbox, SupportAddress

    organisation = Organisation.objects.create(name="Fieldnote", slug="fieldnote")
    for number, user in enumerate(users):
        mailbox = Mailbox.objects.create(
            organisation=organisation,
            address=user,
            login=user,
            password="correct horse",
            imap_host="localhost",
            imap_port=port,
            imap_security="tls",
            after_processing=after if number == 0 else "leave",
        )
        SupportAddress.objects.create(organisation=organisation, mailbox=mailbox, address=user, is_default=True)
    for sender in senders:
        Contact.objects.for_sender(organisation.pk, Address("", sender))


if __name__ == "__main__":
    os.environ["CASEWAY_AS_OWNER"] = "on"
    make(**json.loads(sys.stdin.read()))
