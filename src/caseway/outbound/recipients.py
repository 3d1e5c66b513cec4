"""Who a reply goes to, and which of our addresses it comes from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import models

from caseway.accounts.models import Employee
from caseway.cases.models import Case, Direction, Message
from caseway.mail.address import address_key
from caseway.mail.model import Address
from caseway.mailboxes.models import SupportAddress
from caseway.outbound.own import own_addresses


@dataclass(frozen=True, slots=True)
class ReplyChoices:
    """What the composer offers."""

    from_addresses: list[SupportAddress]
    default_from: SupportAddress | None
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    """From the message answered; without ours."""
    added_cc: tuple[SupportAddress, ...]
    """Rows whose account joins Cc because of Add to CC, for the default From."""


def choices(case: Case, employee: Employee) -> ReplyChoices:
    """What a reply to `case` starts from: recipients are those of the message answered, less ours."""
    own = own_addresses(case.organisation_id)
    unverified = set(case.participants.filter(is_verified=False).values_list("key", flat=True))
    to, cc = _recipients(_answered(case), case, own | unverified)
    rows = from_addresses(case)
    default = rows[0] if rows else None
    return ReplyChoices(rows, default, to, cc, cc_for(case, default) if default else ())


def from_addresses(case: Case) -> list[SupportAddress]:
    """Addresses that a reply may come from, the best first.

    Those with From Email Id on; first among them the one that the case came in through. Where none has it on, the
    case's own address remains, or else any: an answer needs a sender.
    """
    rows = list(
        SupportAddress.objects.filter(organisation_id=case.organisation_id, deleted_at=None, mailbox__deleted_at=None)
        .select_related("mailbox")
        .order_by("pk")
    )
    through = list(case.came_through.order_by("pk").values_list("support_address_id", flat=True))
    chosen = [row for row in rows if row.from_email_id]
    if not chosen:
        chosen = [row for row in rows if row.pk in through] or rows[:1]
    return sorted(chosen, key=lambda row: through.index(row.pk) if row.pk in through else len(through))


def cc_for(case: Case, from_address: SupportAddress) -> tuple[SupportAddress, ...]:
    """Rows of the case with Add to CC whose authenticated address is not the From: these join Cc, each once."""
    sender = address_key(from_address.address)
    rows = SupportAddress.objects.filter(came_through_case(case), add_to_cc=True, deleted_at=None)
    found: dict[str, SupportAddress] = {}
    for row in rows.select_related("mailbox").order_by("pk"):
        key = address_key(row.mailbox.address)
        if key != sender:
            found.setdefault(key, row)
    return tuple(found.values())


def came_through_case(case: Case) -> models.Q:
    return models.Q(pk__in=case.came_through.values("support_address_id"))


def _answered(case: Case) -> Message | None:
    return case.messages.filter(direction=Direction.IN, is_automatic=False).order_by("-created_at", "-pk").first()


def _recipients(
    message: Message | None, case: Case, without: frozenset[str] | set[str]
) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
    if message is None:
        name = case.contact.name if case.contact else ""
        first = (Address(name, case.email),) if case.email else ()
        return _without(first, without), ()
    sender = [Address(message.from_name, message.from_email)]
    answer_to = [Address(*pair) for pair in message.reply_to]
    to = _without(answer_to or sender, without) or _without(sender, without)
    others = [Address(*pair) for pair in [*message.to, *message.cc]]
    return to, _without(others, without | {address.key for address in to})


def _without(addresses: Iterable[Address], keys: frozenset[str] | set[str]) -> tuple[Address, ...]:
    unique: dict[str, Address] = {}
    for address in addresses:
        if address.email and address.key not in keys:
            unique.setdefault(address.key, address)
    return tuple(unique.values())
