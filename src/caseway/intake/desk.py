"""What the mails of one batch share: their organisation and its addresses, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from caseway.accounts.models import Organisation
from caseway.intake.models import SenderRule
from caseway.mail.classify import Own
from caseway.mail.model import Address
from caseway.mailboxes.models import SupportAddress
from caseway.outbound.own import own_addresses, signer


@dataclass(frozen=True, slots=True)
class Desk:
    """An organisation as its mail sees it."""

    organisation: Organisation
    own: Own
    addresses: tuple[SupportAddress, ...]
    rules: Mapping[str, SenderRule] = field(default_factory=dict)

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
        rules = SenderRule.objects.filter(organisation_id=organisation_id).select_related("created_by")
        own = Own(addresses=own_addresses(organisation_id), signer=signer())
        return cls(organisation, own, tuple(rows), {rule.key: rule for rule in rules})

    def addresses_of(self, mailbox_id: int | None) -> list[SupportAddress]:
        """Those of one account; all of them for mail that came through no account."""
        return [row for row in self.addresses if mailbox_id is None or row.mailbox_id == mailbox_id]

    def own_of(self, mailbox_id: int | None) -> Own:
        """What is ours, and whose word on a sender is believed in mail that came through this account."""
        trusted = (row.mailbox.trusted_authserv for row in self.addresses if row.mailbox_id == mailbox_id)
        return replace(self.own, trusted_authserv=next(trusted, "")) if mailbox_id else self.own

    def rule_for(self, sender: Address) -> SenderRule | None:
        """The rule that ignores this sender: by address, or by domain."""
        return self.rules.get(sender.key) or self.rules.get(f"@{sender.domain}") if self.rules else None
