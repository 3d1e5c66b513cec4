"""Who a reply goes to, and which of our addresses it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from caseway.accounts.models import Employee
from caseway.cases.models import Case, Direction, Message
from caseway.mail.address import address_key
from caseway.mail.model import Address
from caseway.mailboxes.models import SupportAddress
from caseway.outbound.addresses import OwnAddresses


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
    people: People
    """What the choice was made from: `warnings` asks it without reading anything again."""


def choices(case: Case, employee: Employee, answered: Message | None = None, read: Read | None = None) -> ReplyChoices:
    """What a reply to `case` starts from: recipients are those of the message answered, less ours. Three queries.

    `answered`: a particular message of the case; without it the latest that a person wrote. `read`: what the caller
    has read already, so that one query is left.
    """
    people = People.of(case, employee, read)
    to, cc = _recipients(_header(answered) if answered else people.answered, case, people.own | people.unverified)
    rows = people.addresses.from_addresses()
    default = rows[0] if rows else None
    return ReplyChoices(rows, default, to, cc, people.addresses.cc_for(default) if default else (), people)


def from_addresses(case: Case) -> list[SupportAddress]:
    """Addresses that a reply may come from, the best first."""
    return OwnAddresses.of(case.organisation_id, case).from_addresses()


def cc_for(case: Case, from_address: SupportAddress) -> tuple[SupportAddress, ...]:
    """Rows of the case with Add to CC whose authenticated address is not the From: these join Cc, each once."""
    return OwnAddresses.of(case.organisation_id, case).cc_for(from_address)


@dataclass(frozen=True, slots=True)
class RecipientWarning:
    """A recipient whom the person should look at before sending."""

    email: str
    kind: str
    """'third party' or 'unverified'."""
    sentence: str


def warnings(case: Case, recipients: Iterable[Address], people: People | None = None) -> tuple[RecipientWarning, ...]:
    """Who among `recipients` is new to the conversation, or joined it without proof of who they are.

    The people of the first mail are the conversation. Whoever was in a later mail that we or they sent before the one
    answered belongs to it too. Everybody else is a third party, whoever added them.
    """
    people = people or People.of(case)
    found: dict[str, RecipientWarning] = {}
    for address in recipients:
        key = address.key
        if not key or key in people.own or key in found:
            continue
        if key in people.unverified:
            sentence = f"{address.email} joined this case without having been part of it. Accept the address first."
            found[key] = RecipientWarning(address.email, "unverified", sentence)
        elif key not in people.known:
            sentence = f"{address.email} has not been part of this conversation."
            found[key] = RecipientWarning(address.email, "third party", sentence)
    return tuple(found.values())


class Header(NamedTuple):
    """Of an entry what says who takes part; the fields are those of Message."""

    pk: int
    direction: str
    is_automatic: bool
    is_unverified: bool
    from_name: str
    from_email: str
    to: list[list[str]]
    cc: list[list[str]]
    reply_to: list[list[str]]
    unknown_address: str


@dataclass(frozen=True, slots=True)
class Read:
    """What a page has read of a case before it asks who to write to."""

    taking_part: Sequence[tuple[str, bool]]
    """Address key and whether it is verified."""
    entries: Sequence[Message] | None = None
    """All messages in the order of time; None when some are missing."""


@dataclass(frozen=True, slots=True)
class People:
    """Address keys of everybody who has to do with a case, read once."""

    own: frozenset[str]
    """Ours, and addresses of our domain that no row names and that brought mail of the case."""
    known: frozenset[str]
    unverified: frozenset[str]
    answered: Header | None
    """The mail that a reply answers: the latest that a person wrote."""
    addresses: OwnAddresses
    aliases: frozenset[str]
    """Keys of addresses of our domain that no row names and that brought mail of the case."""
    latest: int
    """Id of the latest entry, notes included: whoever writes has seen the case up to it."""
    has_notes: bool

    @classmethod
    def of(cls, case: Case, signer: Employee | None = None, read: Read | None = None) -> People:
        if read is None:
            taking_part = list(case.participants.values_list("key", "is_verified"))
        else:
            taking_part = list(read.taking_part)
        if read is None or read.entries is None:
            rows = case.messages.order_by("created_at", "pk").values_list(*Header._fields)
            entries = [Header(*row) for row in rows]
        else:
            entries = [_header(entry) for entry in read.entries]
        mails = [entry for entry in entries if entry.direction != Direction.NOTE]
        addresses = OwnAddresses.of(case.organisation_id, case, signer)
        received = [mail for mail in mails if mail.direction == Direction.IN and not mail.is_automatic]
        answered = received[-1] if received else None
        aliases = {address_key(mail.unknown_address) for mail in mails if mail.unknown_address}
        verified = {key for key, is_verified in taking_part if is_verified}
        return cls(
            own=addresses.keys | aliases,
            known=frozenset(verified | _present_before(mails, answered) | {address_key(case.email or "")} - {""}),
            unverified=frozenset(key for key, is_verified in taking_part if not is_verified),
            answered=answered,
            addresses=addresses,
            aliases=frozenset(aliases),
            latest=max((entry.pk for entry in entries), default=0),
            has_notes=len(mails) < len(entries),
        )


def _header(message: Message) -> Header:
    return Header(*(getattr(message, name) for name in Header._fields))


def _present_before(mails: list[Header], answered: Header | None) -> set[str]:
    """Everybody in the first mail, and in every mail before the one answered."""
    present: set[str] = set()
    for index, mail in enumerate(mails):
        if index and answered is not None and mail.pk >= answered.pk:
            break
        if not mail.is_unverified or not index:
            present.add(address_key(mail.from_email))
            present |= {address_key(email) for people in (mail.to, mail.cc, mail.reply_to) for _, email in people}
    return present


def unknown_aliases(case: Case) -> frozenset[str]:
    """Addresses of our domain that no row names and that brought mail of this case: never written to."""
    named = case.messages.exclude(unknown_address="").values_list("unknown_address", flat=True)
    return frozenset(address_key(address) for address in named)


def suggested_alias(case: Case, people: People | None = None) -> tuple[str, SupportAddress] | None:
    """An address that the case came to and no row names yet, and the row that could take it as an alias.

    With `people` read before nothing is read again.
    """
    addresses = people.addresses if people else OwnAddresses.of(case.organisation_id, case)
    unknown = (people.aliases if people else unknown_aliases(case)) - addresses.keys
    row = next(iter(addresses.through), None) if unknown else None
    if row is None or row.deleted_at is not None:
        return None
    return min(unknown), row


def _recipients(
    message: Header | None, case: Case, without: frozenset[str] | set[str]
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
