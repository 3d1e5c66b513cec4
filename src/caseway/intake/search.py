"""Looking into the ledger: filters for its list, and one answer for any Message-ID, in sentences."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from caseway.cases.models import Message
from caseway.intake.models import InboundEmail, InboundState
from caseway.mail.address import address_key
from caseway.mail.parse import parse
from caseway.mailboxes.models import SupportAddress
from caseway.outbound.models import OutboundEmail, OutboundState

MOST_ADDRESSES = 1000
MOST_WAITING = 200
"""Mails that wait to be read, looked through for a Message-ID that the ledger does not know yet."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list of the ledger shows; empty: everything."""

    states: Sequence[str] = ()
    mailbox: int | None = None
    kind: str = ""
    since: datetime.date | None = None
    until: datetime.date | None = None
    """The last day, included; days are those of the current time zone."""
    words: str = ""
    """A Message-ID or an address in full, or part of sender, recipient or subject."""


def find(
    organisation_id: int, filters: Filters, *, below: int | None = None, most: int | None = None
) -> QuerySet[InboundEmail]:
    """The ledger's rows that fit, unordered, in the scope of that organisation.

    For a page say how far it goes: of words that a million mails have, only the `most` latest `below` that id are
    looked for then. (Below and most do not narrow a search without words.)
    """
    rows = InboundEmail.objects.filter(organisation_id=organisation_id)
    if filters.states:
        rows = rows.filter(state__in=filters.states)
    if filters.mailbox is not None:
        rows = rows.filter(mailbox_id=filters.mailbox)
    if filters.kind:
        rows = rows.filter(kind=filters.kind)
    since = _midnight(filters.since) if filters.since else None
    until = _midnight(filters.until + datetime.timedelta(days=1)) if filters.until else None
    if since:
        rows = rows.filter(received_at__gte=since)
    if until:
        rows = rows.filter(received_at__lt=until)
    if words := filters.words.strip():
        rows = rows.filter(pk__in=_matching(organisation_id, words, filters, since, until, below, most))
    return rows


def _matching(
    organisation_id: int,
    words: str,
    filters: Filters,
    since: datetime.datetime | None,
    until: datetime.datetime | None,
    below: int | None,
    most: int | None,
) -> RawSQL:
    """By a function of the database, because behind the wall PostgreSQL uses no index for LIKE."""
    ours = SupportAddress.objects.filter(organisation_id=organisation_id, address__icontains=words)
    addresses = list(ours.values_list("pk", flat=True)[:MOST_ADDRESSES])
    states, mailbox = list(filters.states), filters.mailbox
    return RawSQL(
        "SELECT intake_matching(%s, %s, %s::bigint[], %s::text[], %s::bigint, %s, %s::timestamptz, %s::timestamptz,"
        " %s::bigint, %s::integer)",
        [words, identifier_of(words), addresses, states, mailbox, filters.kind, since, until, below, most],
    )


def identifier_of(text: str) -> str:
    """A Message-ID as it is kept: without 'Message-ID:', angle brackets and white space."""
    text = text.strip()
    if text.lower().startswith("message-id:"):
        text = text[11:]
    return text.strip().strip("<>").strip()[:512]


def looks_like_identifier(text: str) -> bool:
    """Whether somebody asks for a Message-ID rather than for a word or an address."""
    text = text.strip()
    return text.lower().startswith("message-id:") or (text.startswith("<") and text.endswith(">") and "@" in text)


def account_of(organisation_id: int, text: str) -> list[str]:
    """All that is known of a Message-ID, a sentence each: received, delivered, ignored, failed, sent, or never seen."""
    identifier = identifier_of(text)
    if not identifier:
        return []
    found = [*_received(organisation_id, identifier), *_sent(organisation_id, identifier)]
    return found or [_never_seen(organisation_id, identifier)]


def _received(organisation_id: int, identifier: str) -> Iterator[str]:
    rows = InboundEmail.objects.filter(organisation_id=organisation_id)
    known = rows.filter(message_identifier=identifier).select_related("mailbox", "case", "support_address")
    for row in known.order_by("pk"):
        yield f"{_arrival(row)} {_outcome(row)}"
    unread = rows.filter(state__in=[InboundState.PENDING, InboundState.FAILED], message_identifier="")
    for row in unread.select_related("mailbox", "raw", "case").order_by("pk")[:MOST_WAITING]:
        content = row.raw.content()
        if identifier.encode() in content[:200_000] and parse(content).message_id == identifier:
            yield f"{_arrival(row)} {_outcome(row)}"


def _arrival(row: InboundEmail) -> str:
    where = f" in {row.mailbox.address}" if row.mailbox else ""
    folder = f", folder {row.folder}" if row.folder and row.folder != "INBOX" else ""
    whom = f" for {row.delivered_to}" if row.delivered_to else ""
    return f"Received on {_time(row.received_at)} by {row.get_door_display()}{where}{folder}{whom}."


def _outcome(row: InboundEmail) -> str:
    reason = row.reason.rstrip(".") + "." if row.reason else ""
    if row.state == InboundState.DELIVERED:
        where = f"It is in {row.case.label}." if row.case else "It was in a case that is gone."
        return f"{where} {reason}".strip()
    words = {
        InboundState.PENDING.value: "It waits to be processed.",
        InboundState.IGNORED.value: "It was ignored.",
        InboundState.HELD.value: "It is held.",
        InboundState.FAILED.value: "Processing it failed, and is tried again.",
        InboundState.QUARANTINED.value: "It is quarantined and waits for a person.",
    }
    return f"{words[row.state]} {reason}".strip()


def _sent(organisation_id: int, identifier: str) -> Iterator[str]:
    rows = OutboundEmail.objects.filter(organisation_id=organisation_id, message_identifier=identifier)
    for row in rows.select_related("case").order_by("pk"):
        what = {"reply": "a reply", "acknowledgement": "an acknowledgement"}.get(row.kind, "Caseway's own")
        where = f" in {row.case.label}" if row.case else ""
        yield f"It is ours: {what}{where} to {', '.join(row.recipients[:5])}. {_sending(row)}"


def _sending(row: OutboundEmail) -> str:
    words = row.server_words.rstrip(".")
    said = f" The server said: {words}." if words else ""
    if row.state == OutboundState.SENT:
        when = f"Sent on {_time(row.sent_at)}." if row.sent_at else "Sent."
        return f"{when} {row.evidence}".strip() + said
    phrases = {
        OutboundState.QUEUED.value: f"It waits and leaves on {_time(row.send_at)}.",
        OutboundState.SENDING.value: "It is being sent.",
        OutboundState.FAILED.value: "It was refused.",
        OutboundState.UNCERTAIN.value: "Nobody knows whether it arrived.",
        OutboundState.CANCELLED.value: "It was cancelled and never sent.",
        OutboundState.HELD.value: "It is held and waits for a person.",
    }
    return phrases[row.state] + said


def _never_seen(organisation_id: int, identifier: str) -> str:
    named = Message.objects.naming([identifier]).filter(organisation_id=organisation_id)
    message = named.select_related("case").order_by("pk").first()
    sentence = "Never seen: no mail with this Message-ID reached Caseway, and none was sent by it."
    if message is not None:
        sentence += f" A mail in {message.case.label} names it as one that came before."
    if "@" in identifier and address_key(identifier) and " " not in identifier:
        return sentence
    return f"{sentence} A Message-ID looks like <abc123@mail.example>."


def _time(moment: datetime.datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S %Z}"


def _midnight(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))
