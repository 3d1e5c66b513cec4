"""What the mails of one batch share: their organisation and its addresses, read once."""

from __future__ import annotations

from dataclasses import dataclass

from caseway.accounts.models import Organisation
from caseway.mail.classify import Own
from caseway.mailboxes.models import SupportAddress
from caseway.outbound.own import own_addresses, signer


@dataclass(frozen=True, slots=True)
class Desk:
    """An organisation as its mail sees it."""

    organisation: Organisation
    own: Own
    addresses: tuple[SupportAddress, ...]

    @classmethod
    def of(cls, organisation_id: int) -> Desk:
        """Read it, in the organisation's scope."""
        rows = (
            SupportAddress.objects.filter(organisation_id=organisation_id, deleted_at=None)
            .select_related("mailbox", "assigned_employee", "assigned_team")
            .order_by("pk")
        )
        organisation = Organisation.objects.get(pk=organisation_id)
        for row in rows:
            row.organisation = organisation
        return cls(organisation, Own(addresses=own_addresses(organisation_id), signer=signer()), tuple(rows))

    def addresses_of(self, mailbox_id: int | None) -> list[SupportAddress]:
        """Those of one account; all of them for mail that came through no account."""
        return [row for row in self.addresses if mailbox_id is None or row.mailbox_id == mailbox_id]
