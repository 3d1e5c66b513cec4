"""What marks a mail as ours: signed tokens, and the addresses that are our own."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings

from caseway.accounts import secrets
from caseway.mail.address import address_key
from caseway.mail.thread import Signer
from caseway.mailboxes.models import Mailbox, SupportAddress


@lru_cache(maxsize=1)
def signer() -> Signer:
    """Signs and recognises this installation's Message-IDs and reply addresses."""
    return Signer(secrets.keys_for("mail tokens"))


def own_addresses(organisation_id: int) -> frozenset[str]:
    """Address keys of everything that the organisation receives mail at, deleted rows included; and the system's."""
    addresses = [settings.CASEWAY_SYSTEM_ADDRESS]
    addresses += Mailbox.objects.filter(organisation_id=organisation_id).values_list("address", flat=True)
    for address, aliases in SupportAddress.objects.filter(organisation_id=organisation_id).values_list(
        "address", "aliases"
    ):
        addresses += [address, *aliases]
    return frozenset(address_key(address) for address in addresses)
