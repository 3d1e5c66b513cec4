"""What the composer under a case shows: the draft that was kept, what was typed and refused, or a fresh answer."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from caseway.accounts.prepared import PreparedRows
from caseway.cases.models import Case, DraftFile, DraftKind, WrittenDraft
from caseway.mail.address import parse_addresses
from caseway.mailboxes.models import SupportAddress
from caseway.outbound import drafts, signatures
from caseway.outbound.addresses import OwnAddresses
from caseway.outbound.recipients import Read, RecipientWarning, choices, warnings
from caseway.web.doors import EmployeeRequest
from caseway.web.texts import written

TYPED = ("text", "html", "to", "cc", "bcc", "subject", "from_address", "send_at", "answered", "draft", "draft_version")


@dataclass(slots=True)
class Writer:
    """One form of the composer. `prefix` keeps the ids of two forms on one page apart."""

    kind: str
    prefix: str = ""
    addresses: Sequence[SupportAddress] = ()
    chosen: SupportAddress | None = None
    added_cc: Sequence[SupportAddress] = ()
    to: str = ""
    cc: str = ""
    bcc: str = ""
    everybody: str = ""
    """Cc of a reply to all; '' where the sender wrote to us alone."""
    subject: str = ""
    text: str = ""
    html: SafeString = field(default_factory=lambda: mark_safe(""))
    """Cleaned for showing."""
    answered: int = 0
    send_at: str = ""
    draft_id: int = 0
    draft_version: int = 0
    files: list[dict[str, Any]] = field(default_factory=list)
    signature: SafeString = field(default_factory=lambda: mark_safe(""))
    warnings: Sequence[RecipientWarning] = ()
    request_key: str = field(default_factory=lambda: uuid.uuid4().hex)

    def take(self, draft: WrittenDraft) -> None:
        """Go on where the draft stopped."""
        self.to, self.cc, self.bcc = draft.to, draft.cc, draft.bcc
        self.subject, self.text = draft.subject, draft.text
        self.html = mark_safe(drafts.for_showing(draft.html))  # noqa: S308 - cleaned
        self.answered = draft.answered_id or 0
        self.draft_id, self.draft_version = draft.pk, draft.version
        self.files = draft.file_list  # type: ignore[attr-defined] # annotated in drafts_of
        self._choose(draft.from_address_id)

    def take_typed(self, typed: dict[str, Any]) -> None:
        """Show again what was refused."""
        self.to, self.cc, self.bcc = typed["to"], typed["cc"], typed["bcc"]
        self.subject, self.text = typed["subject"], typed["text"]
        self.html = mark_safe(drafts.for_showing(typed["html"]))  # noqa: S308 - cleaned
        self.send_at = typed["send_at"]
        self.answered = int(typed["answered"]) if str(typed["answered"]).isdecimal() else self.answered
        self._choose(int(typed["from_address"]) if str(typed["from_address"]).isdecimal() else None)

    def _choose(self, pk: int | None) -> None:
        self.chosen = next((row for row in self.addresses if row.pk == pk), self.chosen)


def composer_context(
    request: EmployeeRequest, case: Case, composer: dict[str, Any] | None, read: Read | None = None
) -> dict[str, Any]:
    """Everything that `cases/_dock.html` needs, with four queries: addresses, participants, messages, drafts.

    `composer`: what was typed, when a try to send failed. `read`: participants and messages, where they are known.
    """
    context: dict[str, Any] = {"composer": dict(composer or {}), "writers": [], "send_presets": send_later_presets()}
    if case.deleted_at is not None:
        return context
    found = drafts_of(case)
    own = {draft.kind: draft for draft in found if draft.employee_id == request.user.pk}
    context["others_drafts"] = others_drafts(request, found)
    note = own.get(DraftKind.NOTE)
    context["note"] = {"text": note.text if note else "", "draft_id": note.pk if note else 0,
                       "draft_version": note.version if note else 0}  # fmt: skip
    typed = composer if composer and composer.get("is_typed") else None
    if typed and typed.get("is_note"):
        context["note"]["text"] = typed["text"]
    wanted = typed.get("kind", "") if typed else request.GET.get("compose", "")
    context["tab"] = _tab(request, typed, wanted, own)
    if not request.user.may_write:
        return context
    offered = choices(case, request.user, read=read)
    people = offered.people
    for kind in (DraftKind.REPLY, DraftKind.FORWARD):
        if kind == DraftKind.FORWARD and not (kind in own or wanted == kind):
            continue
        writer = Writer(kind, "" if kind == DraftKind.REPLY else f"{kind}-", offered.from_addresses)
        writer.chosen = offered.default_from
        if kind == DraftKind.REPLY:
            writer.to, writer.cc = written(offered.to), written(offered.cc)
            writer.everybody = writer.cc
        if kind in own:
            writer.take(own[kind])
        if typed and not typed.get("is_note") and typed.get("kind", DraftKind.REPLY) == kind:
            writer.take_typed(typed)
        if writer.chosen is not None:
            writer.added_cc = people.addresses.cc_for(writer.chosen)
            writer.signature = signature(request, writer.chosen)
        recipients = parse_addresses([writer.to, writer.cc, writer.bcc])
        writer.warnings = warnings(case, recipients, people) if kind == DraftKind.REPLY else ()
        context["writers"].append(writer)
    context["latest"], context["choices"] = people.latest, offered
    return context


def first_mail(request: EmployeeRequest, typed: dict[str, Any] | None, draft: WrittenDraft | None) -> Writer:
    """The form of a new case that begins with a mail of ours."""
    rows = OwnAddresses.of(request.user.organisation_id, None, request.user).from_addresses()
    writer = Writer(DraftKind.NEW, "new-", rows, rows[0] if rows else None)
    if draft is not None:
        writer.take(draft)
    if typed is not None:
        writer.take_typed(typed)
    if writer.chosen is not None:
        writer.signature = signature(request, writer.chosen)
    return writer


def signature(request: EmployeeRequest, row: SupportAddress) -> SafeString:
    """What will stand below a mail from there, for the page."""
    return mark_safe(signatures.signature_for(request.user, row))  # noqa: S308 - cleaned


def drafts_of(case: Case | None, **more: Any) -> list[WrittenDraft]:
    """The drafts of a case, everybody's, with what their files are called; without the files themselves. One query."""
    if case is not None and not more:
        return _DRAFTS.fetch(case=case.pk)
    return list(_with_files(WrittenDraft.objects.filter(case=case, **more)))


def _with_files(drafts: QuerySet[WrittenDraft]) -> QuerySet[WrittenDraft]:
    files = DraftFile.objects.filter(draft=OuterRef("pk"), content_id="").order_by("pk")
    listed = files.values(json=JSONObject(id="pk", name="name", size="size"))
    return drafts.select_related("employee").annotate(file_list=ArraySubquery(listed)).order_by("pk")


_DRAFTS = PreparedRows(lambda case: _with_files(WrittenDraft.objects.filter(case=case)))


def others_drafts(request: EmployeeRequest, found: Sequence[WrittenDraft]) -> list[WrittenDraft]:
    """What colleagues are writing, one draft for each: the latest that says something."""
    said = [draft for draft in found if draft.employee_id != request.user.pk and (draft.text.strip() or draft.html)]
    latest = {draft.employee_id: draft for draft in sorted(said, key=lambda one: one.modified_at)}
    return list(latest.values())


def typed_values(request: EmployeeRequest) -> dict[str, Any]:
    """What the person typed, to be put back into the composer under a new key."""
    typed: dict[str, Any] = {name: request.POST.get(name, "") for name in TYPED}
    lost = [upload.name for upload in request.FILES.getlist("files")]
    return typed | {"is_typed": True, "lost_files": lost}


def send_later_presets() -> list[tuple[str, str]]:
    """(time as the form sends it, its name): later today, tomorrow and next Monday, at hours when people read."""
    now = timezone.localtime()
    morning = now.replace(hour=9, minute=0, second=0, microsecond=0)
    monday = morning + timedelta(days=7 - now.weekday())
    found = [(now.replace(second=0, microsecond=0) + timedelta(hours=1), _("In one hour"))]
    if now.hour < 16:
        found.append((now.replace(hour=17, minute=0, second=0, microsecond=0), _("Today at 17:00")))
    found.append((morning + timedelta(days=1), _("Tomorrow at 9:00")))
    if monday.date() != (now + timedelta(days=1)).date():
        found.append((monday, _("Monday at 9:00")))
    return [(_local(moment), name) for moment, name in found]


def _local(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M")


def _tab(request: EmployeeRequest, typed: dict[str, Any] | None, wanted: str, own: dict[str, WrittenDraft]) -> str:
    if not request.user.may_write or (typed and typed.get("is_note")):
        return DraftKind.NOTE
    if typed:
        return str(wanted or DraftKind.REPLY)
    if wanted in {DraftKind.FORWARD, DraftKind.REPLY, DraftKind.NOTE}:
        return wanted
    latest = max(own.values(), key=lambda draft: draft.modified_at, default=None)
    return latest.kind if latest is not None else DraftKind.REPLY
