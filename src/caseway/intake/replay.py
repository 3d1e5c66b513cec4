"""Kept mail through today's code, without effect: what would be read, decided and joined otherwise; and applying it.

A mail in a case is read again and compared with its entry. Any other is delivered inside a transaction that is rolled
back. Applying rewrites what was derived from the mail and moves it to another case when it belongs there; nothing is
ever sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from caseway.accounts.bell import ring, tell
from caseway.accounts.models import Employee
from caseway.cases.errors import NotAllowedError
from caseway.cases.models import Attachment, Case, Direction, Message
from caseway.cases.opening import add_participant, open_from_email
from caseway.cases.preview import preview_of
from caseway.contacts.models import Contact
from caseway.intake.deliver import MOST_REFERENCES, deliver
from caseway.intake.desk import Desk
from caseway.intake.known import IDENTIFIER_LENGTH, Known
from caseway.intake.matching import candidates
from caseway.intake.models import Decision, InboundEmail, InboundState
from caseway.intake.read import Reading, read
from caseway.mail.bounds import MESSAGE_BYTES
from caseway.mail.model import Kind, Match, ParsedEmail
from caseway.mail.thread import choose

SHOWN = 2000
"""Characters of a text that a change shows."""
TEXTS = {"text": "Text", "new_text": "New text", "html": "HTML", "subject": "Subject"}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that would be otherwise."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A mail and what today's code makes of it that yesterday's did not."""

    inbound: InboundEmail
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class _Thread:
    """Where it belongs today: another case (None: one of its own), and why."""

    case: Case | None
    evidence: str
    is_new_participant: bool = False


def compare(rows: Iterable[InboundEmail], organisation_id: int) -> Iterator[Difference]:
    """Those of `rows` that would come out otherwise. Changes nothing; in the organisation's scope."""
    desk = Desk.of(organisation_id)
    for row in rows:
        if changes := tuple(_changes(row, desk)):
            yield Difference(row, changes)


def apply(inbound: InboundEmail, *, by: Employee | None) -> str:
    """Make it so, for one mail; returns what was done in a sentence. Sends nothing.

    What comes out the same by now stays as it is. `by` is None for whoever runs the installation.
    """
    if by is not None and not by.is_administrator:
        raise NotAllowedError(by.name)
    desk = Desk.of(inbound.organisation_id)
    with transaction.atomic():
        row = InboundEmail.objects.select_for_update(of=("self",)).get(pk=inbound.pk)
        if row.state == InboundState.PENDING or not any(_changes(row, desk)):
            return "Nothing is to be changed."
        if row.state != InboundState.DELIVERED or row.message is None:
            row.state, row.decision, row.decided_by = InboundState.PENDING, Decision.QUIET, by
            row.attempts, row.claimed_by = 0, None
            row.next_attempt_at = row.kept_at
            row.save(update_fields=["state", "decision", "decided_by", "attempts", "claimed_by", "next_attempt_at"])
            ring("intake")
            tell(row.organisation_id, "inbound", id=row.pk)
            return "It is processed again, and nothing is sent."
        return _rewrite(row, row.message, _read(row, desk))


def _read(row: InboundEmail, desk: Desk) -> Reading:
    return read(row.raw.content(MESSAGE_BYTES + 1), desk.own_of(row.mailbox_id))


def _changes(row: InboundEmail, desk: Desk) -> Iterator[Change]:
    try:
        reading = _read(row, desk)
    except Exception as error:  # a fault of today's code is what a replay is to find
        yield Change("Error", "", f"{type(error).__name__}: {error}")
        return
    if row.message is None or row.state != InboundState.DELIVERED:
        yield from _other_outcome(row, reading, desk)
    else:
        yield from _other_entry(row, row.message, reading)


def _other_outcome(row: InboundEmail, reading: Reading, desk: Desk) -> Iterator[Change]:
    """A mail that is in no case, or repeats one: delivered, looked at, and taken back."""
    if row.state == InboundState.PENDING:
        return
    with transaction.atomic():
        try:
            with transaction.atomic():
                outcome = deliver(row, reading, desk, Known(row.organisation_id, [(row, reading)]))
                state, reason = outcome.state, outcome.reason
        except Exception as error:
            state, reason = InboundState.FAILED.value, f"{type(error).__name__}: {error}"
        transaction.set_rollback(True)
    before, after = InboundState(row.state), InboundState(state)
    if before != after and (before, after) != (InboundState.QUARANTINED, InboundState.FAILED):
        yield Change("Outcome", f"{before.label}: {row.reason}", f"{after.label}: {reason}")
    if row.kind and row.kind != reading.verdict.kind:
        yield Change("Verdict", row.kind, f"{reading.verdict.kind}: {reading.verdict.reason}")


def _other_entry(row: InboundEmail, message: Message, reading: Reading) -> Iterator[Change]:
    now = _derived(reading)
    for name, label in TEXTS.items():
        if getattr(message, name) != now[name]:
            yield Change(label, _short(getattr(message, name)), _short(now[name]))
    if message.from_email != now["from_email"]:
        yield Change("Contact", message.from_email, now["from_email"])
    people = ("to", "cc", "reply_to")
    if any(getattr(message, name) != now[name] for name in people):
        yield Change(
            "Recipients", *(_people(side) for side in ([getattr(message, n) for n in people], [now[n] for n in people]))
        )
    before = (message.kind, message.kind_reason, message.is_unverified)
    after = (now["kind"], now["kind_reason"], now["is_unverified"])
    if message.direction == Direction.IN and before != after:
        yield Change("Verdict", _verdict(*before), _verdict(*after))
    if (old := _files_of(message)) != (new := _files(reading.email)):
        yield Change("Files", _listed(old), _listed(new))
    if thread := _other_thread(row, message, reading):
        where = thread.case.label if thread.case else "a case of its own"
        yield Change("Thread", f"{message.case.label}: {message.evidence}", f"{where}: {thread.evidence}")


def _other_thread(row: InboundEmail, message: Message, reading: Reading) -> _Thread | None:
    """Another place than where it is; None when it is right, or where a person put it."""
    if row.decision in {Decision.CASE, Decision.CASE_ACKNOWLEDGED}:
        return None
    case = message.case
    is_first = not case.messages.filter(pk__lt=message.pk).exists()
    known = Known(row.organisation_id, [(row, reading)], locks=False)
    is_copy = known.repeat_of(row, reading, None) is not None
    match = choose(reading.keys, candidates(row.organisation_id, reading, known, is_copy=is_copy), reading.email.sender)
    if isinstance(match, Match):
        target = Case.objects.get(pk=match.case)
        target = target.merged_into or target
        same = {case.pk, case.merged_into_id}
        follows = is_first and case.related_to_id in {match.case, target.pk}  # it was closed for too long
        if target.pk in same or follows or target.created_at >= message.created_at:
            return None
        return _Thread(target, match.evidence, match.is_new_participant)
    joined = not is_first and reading.verdict.kind not in {Kind.BOUNCE, Kind.DELAYED}
    if joined and reading.verdict.makes_case and not reading.is_from_us:
        return _Thread(None, match.evidence)
    return None


def _rewrite(row: InboundEmail, message: Message, reading: Reading) -> str:
    now = _derived(reading)
    if message.direction != Direction.IN:
        del now["is_unverified"]
    if message.from_email != now["from_email"] and reading.email.sender.email and not reading.is_automatic:
        now["contact"] = Contact.objects.for_sender(row.organisation_id, reading.email.sender)[0]
    thread = _other_thread(row, message, reading)
    old = message.case
    if thread is not None:
        now["case"] = thread.case or _own_case(row, reading, thread.evidence)
        now["evidence"] = f"{thread.evidence} Moved here from {old.label} by a replay."
        add_participant(now["case"], reading.email.sender, is_verified=not thread.is_new_participant)
    for name, value in now.items():
        setattr(message, name, value)
    message.save(update_fields=list(now))
    if _files_of(message) != _files(reading.email):
        message.attachments.all().delete()
        Attachment.objects.bulk_create([Attachment.of(message, part) for part in reading.email.attachments])
    InboundEmail.objects.filter(pk=row.pk).update(
        case=message.case, kind=now["kind"], sender=now["from_email"], subject=now["subject"]
    )
    for case in {old.pk: old, message.case.pk: message.case}.values():
        case.tell_changed()
    tell(row.organisation_id, "inbound", id=row.pk, number=message.case.number)
    return f"Moved from {old.label} to {message.case.label}." if thread else f"Rewritten in {old.label}."


def _own_case(row: InboundEmail, reading: Reading, evidence: str) -> Case:
    contact, _ = Contact.objects.for_sender(row.organisation_id, reading.email.sender)
    new = reading.body.new.strip() or reading.email.text.strip()
    return open_from_email(
        row.organisation_id,
        subject=reading.email.subject,
        description=new,
        contact=contact,
        sender=reading.email.sender,
        came_through=[row.support_address] if row.support_address else [],
        preview=preview_of(new),
        related_to=row.case_id,
        related_reason=evidence,
    )


def _derived(reading: Reading) -> dict[str, Any]:
    """The columns of an entry that come from the mail: as `deliver` fills them."""
    email = reading.email
    chain = dict.fromkeys([*email.references, *email.in_reply_to])
    return {
        "is_automatic": reading.is_automatic,
        "from_name": email.sender.name[:320],
        "from_email": email.sender.email[:320],
        "to": [[address.name, address.email] for address in email.to],
        "cc": [[address.name, address.email] for address in email.cc],
        "reply_to": [[address.name, address.email] for address in email.reply_to],
        "subject": email.subject,
        "message_identifier": email.message_id[:IDENTIFIER_LENGTH],
        "references": [one[:IDENTIFIER_LENGTH] for one in chain if one][-MOST_REFERENCES:],
        "text": email.text,
        "new_text": reading.body.new.strip() or email.text.strip(),
        "html": email.html,
        "kind": reading.verdict.kind.value,
        "kind_reason": reading.verdict.reason,
        "is_unverified": reading.verdict.is_unverified,
        "defects": list(email.defects),
    }


File = tuple[int, str, str, int]


def _files_of(message: Message) -> list[File]:
    return list(message.attachments.order_by("part").values_list("part", "name", "content_type", "size"))


def _files(email: ParsedEmail) -> list[File]:
    parts = sorted(email.attachments, key=lambda part: part.index)
    return [(part.index, part.name[:255], part.content_type[:255], part.size) for part in parts]


def _listed(files: list[File]) -> str:
    return "\n".join(f"{name} ({content_type}, {size} bytes)" for _, name, content_type, size in files)


def _people(lists: list[list[list[str]]]) -> str:
    return ", ".join(email or name for people in lists for name, email in people)


def _verdict(kind: str, reason: str, is_unverified: bool) -> str:
    return f"{kind}: {reason}" + (", sender not verified" if is_unverified else "")


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
