"""What is being written: kept with each pause in typing, seen by colleagues, gone when sent, back when undone."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from caseway.accounts.bell import tell
from caseway.accounts.models import Employee
from caseway.cases.models import Case, Direction, DraftFile, DraftKind, Message, WrittenDraft
from caseway.mail import written_html
from caseway.mail.address import address_key
from caseway.mail.model import File
from caseway.mail.parse import parse
from caseway.mail.parse import part as part_of
from caseway.mailboxes.models import SupportAddress
from caseway.outbound import forward
from caseway.outbound.bodies import written_part
from caseway.outbound.errors import CannotSendError
from caseway.outbound.models import OutboundEmail

LARGEST_FILES = 25 * 1024 * 1024
"""Bytes of a draft's files together: what the large providers accept after base64."""
MOST_FILES = 100
LARGEST_TEXT = 200_000
FIELDS = ("to", "cc", "bcc", "subject", "text", "html")


class StaleDraftError(Exception):
    """The same person wrote on in another tab; nothing was overwritten. `draft` is how it stands there."""

    def __init__(self, draft: WrittenDraft | None) -> None:
        super().__init__("This draft was changed in another tab.")
        self.draft = draft


@dataclass(frozen=True, slots=True)
class Place:
    """Where a draft belongs: a case and a kind, or for a new case its own id."""

    case: Case | None
    kind: str
    draft_id: int = 0


def keep(
    employee: Employee,
    place: Place,
    values: Mapping[str, str],
    *,
    version: int,
    from_address: SupportAddress | None = None,
    answered: Message | None = None,
    is_wanted: bool = False,
) -> WrittenDraft | None:
    """Write down what was typed; `version` is what the page last heard, 0: nothing yet.

    A draft without words and files is none: it goes, and None comes back, unless `is_wanted` (a file will follow).
    Raises StaleDraftError where another tab has kept something newer.
    """
    written = _written(values)
    with transaction.atomic():
        draft = _locked(employee, place)
        if (draft.version if draft else 0) != version:
            raise StaleDraftError(draft)
        is_empty = not (written["text"].strip() or written["html"].strip())
        if is_empty and not is_wanted and (draft is None or not draft.files.exists()):
            if draft is not None:
                draft.delete()
                _tell(draft)
            return None
        if draft is None:
            draft = WrittenDraft(
                organisation_id=employee.organisation_id, employee=employee, case=place.case, kind=place.kind, version=0
            )
        for name, value in written.items():
            setattr(draft, name, value)
        draft.from_address, draft.answered = from_address, answered
        draft.modified_at = timezone.now()
        draft.version += 1
        try:
            with transaction.atomic():
                draft.save()
        except IntegrityError:  # the other tab was first by a moment
            raise StaleDraftError(_locked(employee, place)) from None
        _tell(draft)
    return draft


def discard(draft: WrittenDraft) -> None:
    draft.delete()
    _tell(draft)


def add_file(draft: WrittenDraft, file: File, *, is_inline: bool) -> DraftFile:
    """A file dropped, pasted or chosen. Raises CannotSendError beyond what a mail may carry."""
    with transaction.atomic():
        WrittenDraft.objects.select_for_update().get(pk=draft.pk)  # two uploads at once count each other
        sizes = list(draft.files.values_list("size", flat=True))
        if sum(sizes) + len(file.content) > LARGEST_FILES:
            raise CannotSendError(
                _("“%(name)s” does not fit: files are larger than 25 MB together. Send a link.") % {"name": file.name}
            )
        if len(sizes) >= MOST_FILES:
            raise CannotSendError(_("More than %(count)s files. Put them into one archive.") % {"count": MOST_FILES})
        return DraftFile.objects.create(
            organisation_id=draft.organisation_id,
            draft=draft,
            name=file.name.replace("\0", "")[:255] or "file",
            content_type=file.content_type[:255],
            size=len(file.content),
            content_id=file.content_id or (f"{uuid.uuid4().hex}@caseway" if is_inline else ""),
            content=file.content,
        )


def files_of(draft: WrittenDraft, html: str) -> tuple[File, ...]:
    """What is sent with the draft: attachments, and those pictures that the text still shows."""
    rows = draft.files.order_by("pk")
    return tuple(
        File(row.name, row.content_type, bytes(row.content), row.content_id)
        for row in rows
        if not row.content_id or f"cid:{row.content_id}" in html
    )


def address_of(file_id: int) -> str:
    """Where the editor shows a picture of a draft."""
    return f"/drafts/files/{file_id}"


def for_sending(draft_html: str, files: Mapping[str, str]) -> str:
    """The editor's HTML, cleaned; pictures by Content-ID. `files`: addresses in the editor to Content-IDs."""
    return written_html.clean(draft_html, lambda address: f"cid:{files[address]}" if address in files else None)


def for_showing(draft_html: str) -> str:
    """The editor's HTML, cleaned, for the page: pictures from the draft's files only."""
    start = address_of(0)[:-1]
    return written_html.clean(draft_html, lambda address: address if address.removeprefix(start).isdecimal() else None)


def pictures(draft: WrittenDraft | None) -> dict[str, str]:
    """Addresses in the editor → Content-IDs of the draft's pictures."""
    if draft is None:
        return {}
    rows = draft.files.exclude(content_id="").values_list("pk", "content_id")
    return {address_of(pk): content_id for pk, content_id in rows}


def restore(row: OutboundEmail, message: Message, by: Employee) -> WrittenDraft:
    """A mail that did not leave becomes a draft again: text, formatting, files, recipients, From.

    What `by` has begun meanwhile stays below it.
    """
    kind = DraftKind.FORWARD if message.kind == DraftKind.FORWARD else DraftKind.REPLY
    place = Place(message.case, kind)
    draft = _locked(by, place)
    later = (draft.text, draft.html) if draft else ("", "")
    draft = draft or WrittenDraft(organisation_id=row.organisation_id, employee=by, case=message.case, kind=kind)
    shown = {address_key(email) for _, email in (*message.to, *message.cc)}
    draft.to, draft.cc = _typed(message.to), _typed(_without_added(message, row))
    draft.bcc = ", ".join(email for email in row.recipients if address_key(email) not in shown)
    draft.subject = message.subject if message.kind else ""
    draft.from_address = SupportAddress.objects.filter(
        organisation_id=row.organisation_id, address=message.from_email, deleted_at=None
    ).first()
    draft.answered = message.case.messages.filter(
        direction=Direction.IN, message_identifier__in=message.references[-1:]
    ).first()
    draft.modified_at = timezone.now()
    draft.version += 1
    draft.save()
    html = written_part(message.html)
    raw = row.raw.content()
    for part in parse(raw).attachments:
        whole = part_of(raw, part.index) or part
        if part.content_id and f"cid:{part.content_id}" in html:
            kept = add_file(draft, File(part.name, part.content_type, whole.content, part.content_id), is_inline=True)
            html = html.replace(f"cid:{part.content_id}", address_of(kept.pk))
        elif not part.is_inline:
            add_file(draft, File(part.name, part.content_type, whole.content), is_inline=False)
    draft.text = "\n\n".join(filter(None, [message.new_text, later[0]]))
    draft.html = html + later[1] if html or later[1] else ""
    draft.save(update_fields=["text", "html"])
    _tell(draft)
    return draft


def begin_forward(case: Case, employee: Employee, message: Message) -> WrittenDraft:
    """A draft that passes `message` on, with copies of its files to take out or leave. One that was begun stays."""
    with transaction.atomic():
        draft = _locked(employee, Place(case, DraftKind.FORWARD))
        if draft is not None and draft.answered_id == message.pk:
            return draft
        if draft is not None and not draft.text.strip():
            draft.delete()  # nothing was written to another mail's forward
            draft = None
        if draft is None:
            draft = WrittenDraft(
                organisation_id=case.organisation_id, employee=employee, case=case, kind=DraftKind.FORWARD
            )
        draft.answered, draft.subject = message, forward.subject_of(message, case)[:500]
        draft.modified_at, draft.version = timezone.now(), draft.version + 1
        draft.save()
        for file in forward.files_of(message):
            if not file.content_id:
                add_file(draft, file, is_inline=False)
        _tell(draft)
    return draft


def _without_added(message: Message, row: OutboundEmail) -> list[list[str]]:
    """Cc less what Add to CC put there: the composer offers that anew."""
    added = {address_key(one.mailbox.address) for one in message.case.support_addresses.select_related("mailbox")}
    return [[name, email] for name, email in message.cc if address_key(email) not in added]


def _typed(people: list[list[str]]) -> str:
    return ", ".join(written_address(name, email) for name, email in people)


def written_address(name: str, email: str) -> str:
    """An address as a person types it into To; a name with signs of its own stands in quotes (RFC 5322 3.2.4)."""
    if not name:
        return email
    if any(sign in name for sign in '(),.:;<>@[]"\\'):
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        name = f'"{escaped}"'
    return f"{name} <{email}>"


def _locked(employee: Employee, place: Place) -> WrittenDraft | None:
    rows = WrittenDraft.objects.select_for_update().filter(employee=employee, kind=place.kind)
    if place.case is not None:
        return rows.filter(case=place.case).first()
    return rows.filter(case=None, pk=place.draft_id).first() if place.draft_id else None


def _written(values: Mapping[str, str]) -> dict[str, str]:
    found = {name: values.get(name, "").replace("\0", "")[:LARGEST_TEXT] for name in FIELDS}
    found["subject"] = found["subject"][:500]
    found["html"] = for_showing(values.get("html", "")) if values.get("html") else ""
    return found


def _tell(draft: WrittenDraft) -> None:
    number = draft.case.number if draft.case else None
    tell(
        draft.organisation_id,
        "draft",
        number=number,
        writer=draft.employee_id,
        kind=draft.kind,
        version=draft.version,
    )
