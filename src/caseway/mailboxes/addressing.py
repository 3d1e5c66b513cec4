"""Which of our addresses a message is for: the "Addressed To" filter of the rows of an account."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from caseway.mail.address import address_key
from caseway.mail.model import ParsedEmail
from caseway.mailboxes.models import SupportAddress
from caseway.mailboxes.providers import PUBLIC_DOMAINS


def rows_for(rows: Sequence[SupportAddress], email: ParsedEmail, recipient: str = "") -> list[SupportAddress]:
    """The rows that take the message, in the order in which it names them; the default row when it names none.

    Looks at the recipient that a pipe named, To, Cc, Delivered-To, X-Original-To, Envelope-To and List-Id. A plus
    part ('support+token@') counts as its address (RFC 5233).
    """
    named = list(dict.fromkeys(_named(email, recipient)))
    taken: list[SupportAddress] = []
    for key in named:
        taken += [row for row in rows if row not in taken and key in keys_of(row)]
    return taken or [row for row in rows if row.is_default]


def unknown_alias(rows: Sequence[SupportAddress], email: ParsedEmail, recipient: str = "") -> str:
    """An address of one of our domains that brought a mail here though no row names it; '' when there is none.

    What delivery headers say counts; To and Cc only when they name exactly one such address. Domains that everybody
    has addresses at are not ours.
    """
    named = set(_named(email, recipient))
    ours = frozenset[str]().union(*(keys_of(row) | {address_key(row.mailbox.address)} for row in rows))
    if not rows or named & frozenset[str]().union(*(keys_of(row) for row in rows)):
        return ""
    domains = {key.rpartition("@")[2] for key in ours} - PUBLIC_DOMAINS
    delivered = [address_key(recipient) if recipient else "", *email.delivered_to]
    for candidates in (delivered, [address.key for address in (*email.to, *email.cc)]):
        found = {key for key in candidates if key.rpartition("@")[2] in domains and "@" in key and key not in ours}
        if len(found) == 1:
            return found.pop()
    return ""


def keys_of(row: SupportAddress) -> frozenset[str]:
    """Address keys that mean this row: its address and aliases."""
    return frozenset(address_key(address) for address in [row.address, *row.aliases])


def _named(email: ParsedEmail, recipient: str) -> Iterable[str]:
    header = [address.key for address in (*email.to, *email.cc)]
    for key in [address_key(recipient) if recipient else "", *header, *email.delivered_to]:
        if not key:
            continue
        yield key
        local, at, domain = key.rpartition("@")
        if at and "+" in local:
            yield f"{local.partition('+')[0]}@{domain}"
