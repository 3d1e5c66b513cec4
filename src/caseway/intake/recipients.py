"""Whose mail it is that a server hands over: from the recipient's address to the organisation that takes it."""

from __future__ import annotations

from django.db.models import Q

from caseway.accounts.models import Organisation
from caseway.accounts.scope import every_organisation
from caseway.mail.address import address_key
from caseway.mailboxes.addressing import keys_of
from caseway.mailboxes.models import SupportAddress


def organisation_of(recipient: str, only: Organisation | None = None) -> Organisation | None:
    """The organisation that `recipient` (with or without a plus part) is a support address of; None for nobody's.

    An address that several claim belongs to the one that proved it by signing in to its mailbox, else to the one that
    connected it first.
    """
    keys = _keys(recipient)
    if not keys:
        return None
    with every_organisation():
        rows = SupportAddress.objects.filter(deleted_at=None, mailbox__deleted_at=None)
        if only is not None:
            rows = rows.filter(organisation=only)
        domain = keys[0].rpartition("@")[2]
        # the database narrows, the keys decide: they also fold international domains
        narrowed = rows.filter(Q(address__iendswith=f"@{domain}") | ~Q(aliases=[]) | ~Q(address__regex=r"^[ -~]*$"))
        found = [row for row in narrowed.select_related("mailbox", "organisation") if keys_of(row) & set(keys)]
        found.sort(key=lambda row: (address_key(row.mailbox.address) not in keys, row.pk))
        return found[0].organisation if found else None


def _keys(recipient: str) -> list[str]:
    key = address_key(recipient)
    local, at, domain = key.rpartition("@")
    if not at:
        return []
    plain = f"{local.partition('+')[0]}@{domain}"
    return [key] if plain == key else [key, plain]
