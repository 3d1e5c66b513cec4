"""What one mail becomes: a new case, a part of one, or nothing, each with its reason. Inside one savepoint."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from caseway.accounts.together import add, change, flush
from caseway.cases.models import (
    Attachment,
    Case,
    Direction,
    EventKind,
    Message,
    NotificationKind,
    Status,
)
from caseway.cases.notices import notify, tell_of_answer
from caseway.cases.opening import closed_too_long_ago, open_from_email, record_addresses
from caseway.contacts.models import Contact
from caseway.intake.bounces import record_bounces
from caseway.intake.case_line import beginning_of, has_files, is_another_matter, is_over, touch, touch_history
from caseway.intake.desk import Desk
from caseway.intake.floods import find_flood
from caseway.intake.known import IDENTIFIER_LENGTH, Known
from caseway.intake.matching import candidates
from caseway.intake.models import Decision, Hold, InboundEmail, InboundState
from caseway.intake.read import Reading
from caseway.mail.model import Kind, Match, Rejected
from caseway.mail.thread import choose
from caseway.mailboxes.addressing import rows_for, unknown_alias
from caseway.mailboxes.models import SupportAddress
from caseway.outbound.acknowledge import acknowledge
from caseway.outbound.schedule import hold_scheduled

MOST_REFERENCES = 100


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the ledger will say."""

    state: str
    reason: str
    message: Message | None = None
    support_address: SupportAddress | None = None
    hold: str = ""


def deliver(inbound: InboundEmail, reading: Reading, desk: Desk, known: Known) -> Outcome:
    """Turn a kept mail into its outcome. Raises only what is a fault of ours or the database's: it is tried again."""
    if inbound.decision in {Decision.CASE, Decision.CASE_ACKNOWLEDGED}:
        return _decided(inbound, reading, desk, known)
    if reading.verdict.kind == Kind.LOOP:
        return Outcome(InboundState.IGNORED, f"Our own mail: {reading.verdict.reason}.")
    if rule := desk.rule_for(reading.email.sender):
        return Outcome(InboundState.IGNORED, rule.sentence)
    rows, why_not = _addressed_to(inbound, reading, desk)
    first = rows[0] if rows else None
    if why_not:
        return Outcome(InboundState.IGNORED, why_not)
    if first is not None and all(row.is_paused for row in rows):
        sentence = f"{first.address} is paused; this waits until it is resumed."
        return Outcome(InboundState.HELD, sentence, None, first, Hold.PAUSED)
    only_through = first if not desk.organisation.one_case_per_message else None
    if repeat := known.repeat_of(inbound, reading, only_through):
        return _repeated(repeat, rows, first)
    if reading.verdict.kind == Kind.NO_SENDER:
        return Outcome(InboundState.QUARANTINED, f"No sender can be read: {reading.verdict.reason}.", None, first)
    return _into_case(inbound, reading, rows, desk, known)


def _addressed_to(inbound: InboundEmail, reading: Reading, desk: Desk) -> tuple[list[SupportAddress], str]:
    """The rows that take the mail, or why none does."""
    taken = rows_for(desk.addresses_of(inbound.mailbox_id), reading.email, inbound.delivered_to)
    if inbound.mailbox_id is None or taken:
        return taken, ""  # whoever pipes a mail in means it for us, whatever its header says
    return [], "Not addressed to a support address: To, Cc, Delivered-To and List-Id name none of this account's rows."


def _repeated(first: InboundEmail, rows: list[SupportAddress], row: SupportAddress | None) -> Outcome:
    if first.case is not None:
        record_addresses(first.case, rows)
        return Outcome(InboundState.IGNORED, f"The same mail is in {first.case.label} already.", first.message, row)
    return Outcome(InboundState.IGNORED, f"The same mail came before: {first.reason}", None, row)


def _into_case(
    inbound: InboundEmail, reading: Reading, rows: list[SupportAddress], desk: Desk, known: Known
) -> Outcome:
    email, verdict = reading.email, reading.verdict
    first = rows[0] if rows else None
    is_copy = known.repeat_of(inbound, reading, None) is not None
    match = choose(reading.keys, candidates(inbound.organisation_id, reading, known, is_copy=is_copy), email.sender)
    case, apart = _joined(inbound, reading, match, desk, known) if isinstance(match, Match) else (None, "")
    if case is None and verdict.kind in {Kind.BOUNCE, Kind.DELAYED}:
        case = record_bounces(inbound.organisation_id, verdict)
    if reading.is_from_us:
        return _from_us(inbound, reading, case, match.evidence, first)
    if case is None and reading.is_automatic:
        return Outcome(
            InboundState.IGNORED, f"An automatic mail that belongs to no case: {verdict.reason}.", None, first
        )
    contact, is_stranger = _contact(inbound, reading, known)
    if contact is not None and contact.is_blocked:
        return Outcome(InboundState.IGNORED, f"{contact.name} is blocked.", None, first)
    flood = find_flood(inbound, reading, case, contact, known, is_stranger=is_stranger)
    if flood.held:
        return Outcome(InboundState.HELD, flood.held, None, first, Hold.FLOOD)
    if case is not None:
        evidence = match.evidence if isinstance(match, Match) else f"It reports on a mail of {case.label}."
        message = _message(case, inbound, reading, contact, evidence)
        record_addresses(case, rows)
        if reading.is_automatic:
            _note_automatic(case, message)
        elif inbound.is_history:
            is_new = isinstance(match, Match) and match.is_new_participant
            known.conversations.joins(case, reading.email.sender, is_verified=not is_new)
            touch_history(case, inbound, reading, desk.organisation.reopen_days)
            case.tell_changed()
        else:
            _take_up(case, message, reading, known, is_new=isinstance(match, Match) and match.is_new_participant)
        return Outcome(InboundState.DELIVERED, f"Joined {case.label}: {evidence}", message, first)
    assert contact is not None, "a mail that makes a case has a sender"
    case, message = _open(inbound, reading, rows, contact, match, desk, apart)
    known.conversations.opened(case, reading.email.sender)
    if not inbound.is_history:
        notify(NotificationKind.ASSIGNED, case, [case.assigned_employee], message=message)
    if first is not None and first.is_default:
        _note_unknown_address(message, inbound, reading, desk)
    if not inbound.is_history and inbound.decision != Decision.QUIET:
        acknowledge(case, message, verdict, first, is_stranger=is_stranger, against=flood.unanswered)
    case.tell_changed("case.new")
    return Outcome(InboundState.DELIVERED, f"Opened {case.label}. {message.evidence}", message, first)


def _decided(inbound: InboundEmail, reading: Reading, desk: Desk, known: Known) -> Outcome:
    """A person wants a case of this mail, whatever it is; it is acknowledged only when they said so."""
    rows, _ = _addressed_to(inbound, reading, desk)
    match = choose(reading.keys, candidates(inbound.organisation_id, reading, known), reading.email.sender)
    contact, is_stranger = (
        _contact(inbound, reading, known, of_machines=True) if reading.email.sender.email else (None, False)
    )
    case, message = _open(inbound, reading, rows, contact, match, desk)
    known.conversations.opened(case, reading.email.sender)
    address = rows[0] if rows else next(iter(desk.addresses_of(inbound.mailbox_id)), None)
    if inbound.decision == Decision.CASE_ACKNOWLEDGED:
        acknowledge(case, message, reading.verdict, address, is_stranger=is_stranger, is_asked=True)
    case.tell_changed("case.new")
    who = inbound.decided_by.name if inbound.decided_by else "Somebody"
    return Outcome(InboundState.DELIVERED, f"Opened {case.label}: {who} decided so.", message, address)


def _from_us(
    inbound: InboundEmail, reading: Reading, case: Case | None, evidence: str, row: SupportAddress | None
) -> Outcome:
    """From our own address, but not sent by Caseway: somebody answered from another mail program, or it is a loop."""
    if case is None or reading.is_automatic:
        return Outcome(InboundState.IGNORED, "It is from our own address and answers no case.", None, row)
    message = _message(case, inbound, reading, None, evidence, direction=Direction.OUT)
    touch(case, reading)
    case.tell_changed()
    return Outcome(InboundState.DELIVERED, f"Our own answer from another mail program, in {case.label}.", message, row)


def _joined(inbound: InboundEmail, reading: Reading, match: Match, desk: Desk, known: Known) -> tuple[Case | None, str]:
    """The case to join. None where a linked one follows it, and why: it was closed, or has become another matter."""
    conversation, days = known.conversations.of(match.case), desk.organisation.reopen_days
    if conversation is None:
        return None, ""
    if inbound.is_history:
        return conversation.case, ""
    if closed_too_long_ago(conversation.case, days):
        return None, f"It was closed for longer than {days} days."
    if not reading.is_automatic and not reading.is_from_us and is_another_matter(conversation.case, reading, days):
        return None, f"The subject is another one, after more than {days} days in which nothing happened there."
    return conversation.case, ""


def _contact(
    inbound: InboundEmail, reading: Reading, known: Known, *, of_machines: bool = False
) -> tuple[Contact | None, bool]:
    """The sender's contact and whether it is new. Machines become nobody's contact, unless asked for."""
    if reading.is_automatic and not of_machines:
        return known.contact_if_any(reading.email.sender), False
    contact, created = known.contact_of(reading.email.sender)
    contact.last_message_at = max(contact.last_message_at or inbound.received_at, inbound.received_at)
    change(contact, "last_message_at")
    contact.tell_changed()
    return contact, created


def _note_automatic(case: Case, message: Message) -> None:
    """A machine's mail is shown in the case and changes nothing about it."""
    case.record(EventKind.AUTOMATIC_MAIL, {"kind": message.kind, "reason": message.kind_reason}, message=message)
    case.tell_changed()


def _take_up(case: Case, message: Message, reading: Reading, known: Known, *, is_new: bool) -> None:
    """A person wrote into the case: who, and that it is the team's turn again."""
    if known.conversations.joins(case, reading.email.sender, is_verified=not is_new) and is_new:
        case.record(EventKind.JOINED, {"email": reading.email.sender.email}, message=message)
    snoozer = case.snoozed_by if case.is_snoozed else None
    touch(case, reading)
    conversation = known.conversations.of(case.pk)
    if snoozer is not None and snoozer.pk != case.assigned_employee_id:
        notify(NotificationKind.WOKEN, case, [snoozer])
    tell_of_answer(case, message, conversation.followers if conversation is not None else ())
    if conversation is not None and conversation.has_scheduled:
        hold_scheduled(case)
    was_closed = case.status == Status.CLOSED
    has_answer = conversation is not None and conversation.has_answer
    if case.status in {Status.WAITING, Status.CLOSED} or (case.status == Status.NEW and has_answer):
        flush()  # what follows changes the row itself
        case.set_status(Status.OPEN, by=None)
        if was_closed:
            case.record(EventKind.REOPENED, {"by": "reply"}, message=message)
    else:
        case.tell_changed()


def _open(
    inbound: InboundEmail,
    reading: Reading,
    rows: list[SupportAddress],
    contact: Contact | None,
    match: Match | Rejected,
    desk: Desk,
    apart: str = "",
) -> tuple[Case, Message]:
    related = match.case if isinstance(match, Match) else match.related_case
    evidence = match.evidence
    if isinstance(match, Match) and inbound.decision:
        evidence = f"It would belong to another case ({match.evidence}), but a person wanted one of its own."
    elif isinstance(match, Match):
        evidence = f"{match.evidence} {apart}".strip()
    case = open_from_email(
        inbound.organisation_id,
        subject=reading.email.subject,
        description=reading.body.new.strip() or reading.email.text.strip(),
        contact=contact,
        sender=reading.email.sender,
        came_through=rows,
        preview=beginning_of(reading),
        has_attachment=has_files(reading),
        related_to=related,
        related_reason=evidence if related else "",
    )
    case.organisation = desk.organisation
    if inbound.is_history:
        case.created_at = case.modified_at = inbound.received_at
        case.received_at = None  # what came long ago is unread for nobody
        if is_over(inbound, desk.organisation.reopen_days):
            case.status, case.closed_at = Status.CLOSED, inbound.received_at
        change(case, "created_at", "modified_at", "received_at", "status", "closed_at")
    return case, _message(case, inbound, reading, contact, evidence)


def _note_unknown_address(message: Message, inbound: InboundEmail, reading: Reading, desk: Desk) -> None:
    """The default row took it: by which address of ours did it come? Replies must not go there."""
    message.unknown_address = unknown_alias(desk.addresses_of(inbound.mailbox_id), reading.email, inbound.delivered_to)[
        :320
    ]
    if message.unknown_address:
        change(message, "unknown_address")


def _message(
    case: Case,
    inbound: InboundEmail,
    reading: Reading,
    contact: Contact | None,
    evidence: str,
    *,
    direction: Direction = Direction.IN,
) -> Message:
    email = reading.email
    message = Message(
        pk=Message.reserve_id(),
        organisation_id=case.organisation_id,
        case=case,
        direction=direction,
        is_automatic=reading.is_automatic,
        contact=contact,
        raw_id=inbound.raw_id,
        from_name=email.sender.name[:320],
        from_email=email.sender.email[:320],
        to=[[address.name, address.email] for address in email.to],
        cc=[[address.name, address.email] for address in email.cc],
        reply_to=[[address.name, address.email] for address in email.reply_to],
        subject=email.subject,
        message_identifier=email.message_id[:IDENTIFIER_LENGTH],
        references=_references(reading),
        text=email.text,
        new_text=reading.body.new.strip() or email.text.strip(),
        html=email.html,
        kind=reading.verdict.kind,
        kind_reason=reading.verdict.reason,
        evidence=evidence,
        # From is easily forged: what comes from our address, and Caseway did not send, stays unverified
        is_unverified=reading.verdict.is_unverified or direction == Direction.OUT,
        defects=list(email.defects),
        sent_at=email.date or inbound.received_at,
        created_at=inbound.received_at if inbound.is_history else timezone.now(),
    )
    add(message)
    for part in email.attachments:
        add(Attachment.of(message, part))
    return message


def _references(reading: Reading) -> list[str]:
    email = reading.email
    chain = dict.fromkeys([*email.references, *email.in_reply_to])
    return [identifier[:IDENTIFIER_LENGTH] for identifier in chain if identifier][-MOST_REFERENCES:]
