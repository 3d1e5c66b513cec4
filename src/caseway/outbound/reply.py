"""Answering and forwarding: the message enters the timeline and the outbox together, and leaves some seconds later."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from caseway.accounts.models import Employee
from caseway.accounts.together import flush, gathered
from caseway.cases.errors import NotAllowedError, StaleCaseError
from caseway.cases.models import Case, Direction, DraftKind, EventKind, Message, Status, WrittenDraft
from caseway.cases.opening import accept_participants
from caseway.cases.preview import preview_of
from caseway.mail.address import address_key
from caseway.mail.compose import UnsendableError, compose
from caseway.mail.model import Address, Draft, File
from caseway.mail.thread import case_tag
from caseway.mailboxes.models import RawEmail, SupportAddress
from caseway.outbound import drafts, forward
from caseway.outbound.addresses import OwnAddresses, sender_of
from caseway.outbound.bodies import Quote, html_body, quote_of, text_body
from caseway.outbound.errors import CannotSendError
from caseway.outbound.models import OutboundEmail, OutboundKind, OutboundState
from caseway.outbound.own import own_addresses, signer
from caseway.outbound.queue import add_files, add_message, enqueue, message_domain
from caseway.outbound.recipients import People, ReplyChoices, cc_for, choices, unknown_aliases
from caseway.outbound.schedule import check_time
from caseway.outbound.signatures import signature_for

__all__ = ["CannotSendError", "ReplyChoices", "ReplyDraft", "cc_for", "choices", "reply", "undo"]

LARGEST_REPLY = 25 * 1024 * 1024
"""Bytes of text and files together: what the large providers accept after base64 (about 35 MB)."""
MOST_RECIPIENTS = 100
ADDRESS = re.compile(r"[^\s@<>,;:\x00-\x1f\x7f]{1,64}@[^\s@<>,;:\x00-\x1f\x7f]{1,255}")
"""What may be typed as a recipient: one '@', nothing that could be a second address or a header (RFC 5321 4.1.2)."""
REFERENCES = 20


@dataclass(frozen=True, slots=True)
class ReplyDraft:
    """What the composer sends off."""

    from_address: SupportAddress
    to: tuple[Address, ...]
    text: str
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    files: tuple[File, ...] = ()
    set_status: Status | None = Status.WAITING
    undo_seconds: int = 10
    send_at: datetime.datetime | None = None
    """Leaves then, and not `undo_seconds` from now."""
    request_key: str = ""
    """Made by the client for one press of the button: the same key sends once."""
    expected_version: int = 0
    without_cc: tuple[int, ...] = ()
    """Ids of Add to CC rows that the person took out of this one message."""
    html: str = ""
    """What the editor made, cleaned (`mail.written_html`); `text` says the same. '': only text was written."""
    kind: str = DraftKind.REPLY
    """REPLY, FORWARD (the mail itself below, never to one of ours) or NEW (the first mail of a case)."""
    answered: Message | None = None
    """The mail that is answered or forwarded; None: the latest that came in."""
    subject: str = ""
    """'': the case's, as the kind has it."""
    is_signed: bool = False
    written_id: int = 0
    """The draft that this was written in: gone once it is queued."""


def reply(case: Case, employee: Employee, draft: ReplyDraft, people: People | None = None) -> OutboundEmail:
    """Queue an answer. With a `request_key` seen before, the row of the first time comes back: nothing is sent twice.

    Raises CannotSendError (no recipient, an unusable address, too large, nothing to say), NotAllowedError for a light
    agent, StaleCaseError when the case changed since `expected_version`. `people`: where they have been read already.
    """
    if not employee.may_write:
        raise NotAllowedError(employee.name)
    people = people or People.of(case)
    check(case, draft, people.own)
    message_id = Message.reserve_id()
    answered = draft.answered or case.messages.filter(direction=Direction.IN).order_by("-created_at", "-pk").first()
    email_draft = _compose_draft(case, employee, draft, message_id, answered, people.addresses)
    try:
        email = compose(email_draft)
    except UnsendableError as error:
        raise CannotSendError(_("%(error)s Correct the address and send again.") % {"error": error}) from error
    prepared = RawEmail.prepare(case.organisation_id, email.raw)
    with transaction.atomic(), gathered():
        locked = Case.objects.select_for_update().annotate(now=Now()).only("version").get(pk=case.pk)
        if draft.request_key and (known := _known(case, draft.request_key)):
            return known
        if draft.expected_version and locked.version != draft.expected_version:
            raise StaleCaseError(case.label)
        raw = prepared.keep()
        message = add_message(
            case,
            email_draft,
            raw,
            message_id=message_id,
            employee=employee,
            new_text=draft.text.strip().replace("\0", ""),
            kind="" if draft.kind == DraftKind.REPLY else draft.kind,
        )
        if email_draft.files:
            flush()
            add_files(message, email.raw)
        row = enqueue(
            email,
            raw,
            organisation_id=case.organisation_id,
            kind=OutboundKind.REPLY,
            subject=email_draft.subject,
            case=case,
            message=message,
            mailbox=draft.from_address.mailbox,
            by=employee,
            send_at=_leaves_at(draft, locked.now),  # type: ignore[attr-defined]
            is_scheduled=draft.send_at is not None,
            request_key=draft.request_key,
        )
        _join(case, draft, people.addresses.keys)
        _move_on(case, employee, draft, locked.version)
        if draft.written_id:
            WrittenDraft.objects.filter(pk=draft.written_id, employee=employee).delete()
    return row


def _leaves_at(draft: ReplyDraft, now: datetime.datetime) -> datetime.datetime:
    """`now` is the database's, by which the senders go."""
    undone_until = now + datetime.timedelta(seconds=draft.undo_seconds)
    return max(draft.send_at, undone_until) if draft.send_at is not None else undone_until


def undo(row: OutboundEmail, *, by: Employee, keeps_draft: bool = False) -> str:
    """Take back a mail that has not left; returns its text for the composer.

    `keeps_draft`: all of it (formatting, files, recipients) becomes a draft of `by` again.
    Raises CannotSendError when it has left or is leaving.
    """
    if not by.may_write:
        raise NotAllowedError(by.name)
    with transaction.atomic():
        changed = OutboundEmail.objects.filter(pk=row.pk, state__in=[OutboundState.QUEUED, OutboundState.HELD]).update(
            state=OutboundState.CANCELLED
        )
        if not changed:
            raise CannotSendError(_("It has left already and cannot be taken back."))
        text = row.message.new_text if row.message else ""
        if row.message is not None:
            case = row.message.case
            message = row.message
            if keeps_draft:
                drafts.restore(row, message, by)
            OutboundEmail.objects.filter(pk=row.pk).update(message=None)
            message.delete()
            latest = case.messages.exclude(direction=Direction.NOTE).order_by("-created_at").first()
            Case.objects.filter(pk=case.pk).update(
                preview=preview_of(latest.new_text) if latest else "", version=F("version") + 1
            )
            case.refresh_from_db()
            _take_status_back(case, row, by)
            case.tell_changed()
    return text


def _take_status_back(case: Case, row: OutboundEmail, by: Employee) -> None:
    """The status that sending set, unless somebody changed it since."""
    latest = case.events.filter(kind=EventKind.STATUS).order_by("-created_at", "-pk").first()
    if latest is None or latest.created_at < row.created_at or latest.employee_id != row.created_by_id:
        return
    if latest.data.get("after") == case.status:
        case.set_status(latest.data["before"], by=by, tells_followers=False)


def _known(case: Case, request_key: str) -> OutboundEmail | None:
    return OutboundEmail.objects.filter(organisation_id=case.organisation_id, request_key=request_key).first()


def check(case: Case, draft: ReplyDraft, own: frozenset[str] | None = None) -> None:
    """Raises CannotSendError for what no server would take or would come back to us. `case` may be one to come.

    `own`: address keys of ours, where they have been read already.
    """
    if own is None:
        own = own_addresses(case.organisation_id) | (unknown_aliases(case) if case.pk else frozenset())
    recipients = [*draft.to, *draft.cc, *draft.bcc]
    if draft.send_at is not None:
        check_time(draft.send_at)
    if not draft.text.strip() and not draft.files:
        raise CannotSendError(_("The reply is empty. Write something or attach a file."))
    if not draft.to:
        raise CannotSendError(_("The reply has no recipient. Fill in To."))
    if len(recipients) > MOST_RECIPIENTS:
        raise CannotSendError(
            _("More than %(count)s recipients. Send it in several replies.") % {"count": MOST_RECIPIENTS}
        )
    if all(address.key in own for address in draft.to):
        raise CannotSendError(_("The reply would go to ourselves only. Put the customer's address into To."))
    for address in recipients:
        if not ADDRESS.fullmatch(address.email.strip()):
            raise CannotSendError(
                _("“%(address)s” is not an email address. Correct it or take it out.") % {"address": address.email}
            )
    if draft.kind == DraftKind.FORWARD and (ours := [one.email for one in recipients if one.key in own]):
        raise CannotSendError(
            _("%(address)s is one of our own addresses. A forward goes to somebody outside.") % {"address": ours[0]}
        )
    if len(draft.text) + len(draft.html) + sum(len(file.content) for file in draft.files) > LARGEST_REPLY:
        raise CannotSendError(_("Text and files are larger than 25 MB together, which mail servers refuse."))


def _compose_draft(
    case: Case, employee: Employee, draft: ReplyDraft, message_id: int, answered: Message | None, ours: OwnAddresses
) -> Draft:
    row = draft.from_address
    taken = {address.key for address in (*draft.to, *draft.cc)} | {address_key(row.address)}
    added = tuple(
        Address("", kept.mailbox.address)
        for kept in ours.cc_for(row)
        if address_key(kept.mailbox.address) not in taken and kept.pk not in draft.without_cc
    )
    text = draft.text.strip().replace("\0", "")
    quote = _quote(draft, answered)
    signature = signature_for(employee, row) if draft.is_signed else ""
    thread = () if draft.kind == DraftKind.NEW else _thread(case, answered)
    return Draft(
        sender=sender_of(row, case.organisation),
        to=draft.to,
        cc=(*draft.cc, *added),
        bcc=draft.bcc,
        subject=_subject(case, draft, answered),
        text=text_body(text, signature, quote),
        html=html_body(text, draft.html, signature, quote),
        message_id=signer().message_id(case.organisation_id, case.pk, message_id, message_domain(row.address)),
        date=draft.send_at or timezone.now(),
        in_reply_to=thread[-1] if thread else "",
        references=thread,
        files=(*draft.files, *_quoted_pictures(draft, answered)),
    )


def _quoted_pictures(draft: ReplyDraft, answered: Message | None) -> tuple[File, ...]:
    return forward.pictures_of(answered) if draft.kind == DraftKind.FORWARD and answered is not None else ()


def _quote(draft: ReplyDraft, answered: Message | None) -> Quote:
    if draft.kind == DraftKind.FORWARD and answered is not None:
        return forward.quote(answered)
    return Quote() if draft.kind == DraftKind.NEW else quote_of(answered)


def _subject(case: Case, draft: ReplyDraft, answered: Message | None) -> str:
    subject = " ".join(draft.subject.split()) or case.subject
    if draft.kind == DraftKind.FORWARD and answered is not None and not draft.subject.strip():
        subject = forward.subject_of(answered, case)
    elif draft.kind == DraftKind.REPLY and not draft.subject.strip() and not subject.lower().startswith("re:"):
        subject = f"Re: {subject}"
    tag = case_tag(case.number)
    return subject if tag in subject else f"{subject} {tag}"


def _thread(case: Case, answered: Message | None) -> tuple[str, ...]:
    """References: those of the message answered and itself; without one, our own earlier mails of the case."""
    if answered is not None and answered.message_identifier:
        return tuple(dict.fromkeys([*answered.references, answered.message_identifier]))
    earlier = case.messages.exclude(message_identifier="").order_by("created_at", "pk")
    return tuple(earlier.values_list("message_identifier", flat=True)[:REFERENCES])


def _join(case: Case, draft: ReplyDraft, own: frozenset[str]) -> None:
    """Whoever an employee writes to takes part from now on."""
    accept_participants(case, [address for address in (*draft.to, *draft.cc) if address.key not in own])


def _move_on(case: Case, employee: Employee, draft: ReplyDraft, version: int) -> None:
    """`version`: the case's, which is locked."""
    before = case.status
    after = draft.set_status
    if after is None and before == Status.NEW:
        after = Status.OPEN
    case.write(by=employee, expected_version=version, preview=preview_of(draft.text))
    if after is not None and before != after:
        case.set_status(after, by=employee, expected_version=case.version, tells_followers=False)
    else:
        case.tell_changed()
