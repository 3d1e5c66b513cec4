"""Two cases that are one matter: the messages of one go into the other, and can come back.

A message that came with a merged case keeps that case in `moved_from`; so un-merging finds it, even after the target
was merged further. What the merge added to the target besides is written down in the event of the merged case.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from caseway.accounts.models import Employee
from caseway.cases.errors import StaleCaseError
from caseway.cases.models import Case, CaseAddress, Direction, Event, EventKind, Follower, Mention, Message, Status
from caseway.cases.models.verbs.changing import check_may_write
from caseway.cases.preview import preview_of
from caseway.mail.address import address_key


def merge(case: Case, into: Case, *, by: Employee | None, expected_version: int = 0) -> Event:
    """Everything of `case` goes into `into`; its number leads there, and so do replies to it.

    A closed target opens again when `case` was not closed. Returns the event of `case`. ValueError for what cannot be
    merged, StaleCaseError when somebody changed `case` since `expected_version`.
    """
    check_may_write(by)
    with transaction.atomic():
        case, into = lock(case, into)
        _check(case, into, expected_version)
        was_open = not case.is_closed
        data = _carry(case, into) | {
            "into": into.number,
            "status": case.status,
            "closed_at": case.closed_at.isoformat() if case.closed_at else "",
            "snooze": case.snooze_data(),
            "reopened": into.is_closed and was_open,
        }
        case.write(
            by=by,
            merged_into=into,
            status=Status.CLOSED.value,
            closed_at=case.closed_at or timezone.now(),
            is_snoozed=False,
            snoozed_until=None,
            snoozed_by=None,
        )
        into.write(by=by, **freshened(into))
        into.record(EventKind.MERGED, {"number": case.number}, by=by)
        if data["reopened"]:
            into.set_status(Status.OPEN, by=by)
        event = case.record(EventKind.MERGED, data, by=by)
        for one in (case, into):
            one.tell_changed()
    return event


def unmerge(case: Case, *, by: Employee | None) -> Event | None:
    """The case gets its messages back; None when it is not merged. What came after the merge stays in the target."""
    check_may_write(by)
    if case.merged_into is None:
        return None
    with transaction.atomic():
        case, into = lock(case, case.merged_into)
        if case.merged_into_id != into.pk:
            raise StaleCaseError(case.label)
        event = case.events.filter(kind=EventKind.MERGED, data__has_key="into").order_by("-pk").first()
        data = event.data if event is not None else {}
        _carry_back(case, into, data)
        status = data.get("status", Status.OPEN.value)
        closed_at = (data.get("closed_at") or None) if status == Status.CLOSED else None
        case.write(by=by, merged_into=None, status=status, closed_at=closed_at, **_snooze(data), **freshened(case))
        case.refresh_from_db(fields=["closed_at", "snoozed_until"])
        into.write(by=by, **freshened(into))
        into.record(EventKind.UNMERGED, {"number": case.number}, by=by)
        if data.get("reopened") and into.status == Status.OPEN:
            into.set_status(Status.CLOSED, by=by)
        recorded = case.record(EventKind.UNMERGED, {"number": into.number}, by=by)
        for one in (case, into):
            one.tell_changed()
    return recorded


def lock(one: Case, other: Case) -> tuple[Case, Case]:
    """Both as they are now, held until the transaction ends, always in the same order."""
    rows = Case.objects.select_for_update(of=("self",)).select_related("organisation", "merged_into")
    found = {row.pk: row for row in rows.filter(pk__in=[one.pk, other.pk]).order_by("pk")}
    return found[one.pk], found[other.pk]


def freshened(case: Case) -> dict[str, Any]:
    """The case's line in the lists, after messages came or went."""
    mails = case.messages.exclude(direction=Direction.NOTE)
    latest = mails.order_by("-created_at", "-pk").first()
    received = case.messages.filter(direction=Direction.IN, is_automatic=False).order_by("-created_at").first()
    files = case.messages.filter(attachments__is_inline=False)
    preview = preview_of(latest.new_text or latest.text) if latest else case.preview
    return {
        "preview": preview,
        "has_attachment": files.exists(),
        "received_at": received.created_at if received else case.received_at,
    }


def bring_outbox(messages: Iterable[Message], case: Case) -> None:
    """What is still to be sent belongs to the case that its message is in. An acknowledgement stays its case's own."""
    for message in messages:
        outbound = getattr(message, "outbound", None)
        if outbound is not None and outbound.kind != "acknowledgement":
            type(outbound).objects.filter(pk=outbound.pk).update(case=case)


def _check(case: Case, into: Case, expected_version: int) -> None:
    if case.pk == into.pk:
        raise ValueError(_("A case cannot be merged into itself. Choose another number."))
    if case.organisation_id != into.organisation_id or into.deleted_at is not None or case.deleted_at is not None:
        raise ValueError(_("A case in the trash cannot be merged. Restore it first."))
    if case.merged_into is not None:
        raise ValueError(
            _("%(label)s is merged into %(other)s already. Undo that first.")
            % {"label": case.label, "other": case.merged_into.label}
        )
    if into.merged_into is not None:
        raise ValueError(
            _("%(label)s is merged into %(other)s. Merge into that one.")
            % {"label": into.label, "other": into.merged_into.label}
        )
    if expected_version and case.version != expected_version:
        raise StaleCaseError(case.label)


def _carry(case: Case, into: Case) -> dict[str, Any]:
    """Move what belongs to `case`; what to know to bring it back."""
    carried = list(case.merged.values_list("pk", flat=True))
    came_apart = case.messages.exclude(moved_from=None).exclude(moved_from__in=carried)
    moved = {str(pk): source for pk, source in came_apart.values_list("pk", "moved_from_id")}
    bring_outbox(case.messages.select_related("outbound"), into)
    case.messages.exclude(moved_from__in=carried, moved_from__isnull=False).update(moved_from=case)
    case.messages.update(case=into)
    Mention.objects.filter(case=case).update(case=into)
    case.merged.update(merged_into=into)
    _bring_drafts(case, into)
    return {
        "moved": moved,
        "carried": carried,
        "participants": _copy(PARTICIPANTS, case, into),
        "addresses": _copy(ADDRESSES, case, into),
        "followers": _copy(FOLLOWERS, case, into),
    }


def _carry_back(case: Case, into: Case, data: dict[str, Any]) -> None:
    carried = [pk for pk in data.get("carried", []) if isinstance(pk, int)]
    own = Message.objects.filter(Q(moved_from=case) | Q(moved_from__in=carried), case=into)
    bring_outbox(own.select_related("outbound"), case)
    Mention.objects.filter(message__in=own).update(case=case)
    ids = list(own.values_list("pk", flat=True))
    Message.objects.filter(pk__in=ids).update(case=case)
    case.messages.filter(moved_from=case).update(moved_from=None)
    for pk, source in data.get("moved", {}).items():
        case.messages.filter(pk=int(pk)).update(moved_from=source)
    into.merged.filter(pk__in=carried).update(merged_into=case)
    kept = {
        address_key(email)
        for sender, to, cc in into.messages.values_list("from_email", "to", "cc")
        for email in (sender, *(pair[1] for pair in [*to, *cc]))
    }
    into.participants.filter(key__in=set(data.get("participants", [])) - kept).delete()
    CaseAddress.objects.filter(case=into, support_address__in=data.get("addresses", [])).delete()
    Follower.objects.filter(case=into, employee__in=data.get("followers", [])).delete()


def _snooze(data: dict[str, Any]) -> dict[str, Any]:
    snooze = data.get("snooze")
    if not snooze:
        return {}
    return {"is_snoozed": True, "snoozed_until": snooze["until"] or None, "snoozed_by_id": snooze["employee"]}


PARTICIPANTS = (
    "INSERT INTO cases_participant (organisation_id, case_id, key, email, name, is_verified) "
    "SELECT organisation_id, %(into)s, key, email, name, is_verified FROM cases_participant WHERE case_id = %(case)s "
    "ON CONFLICT (case_id, key) DO NOTHING RETURNING key"
)
ADDRESSES = (
    "INSERT INTO cases_caseaddress (organisation_id, case_id, support_address_id) "
    "SELECT organisation_id, %(into)s, support_address_id FROM cases_caseaddress WHERE case_id = %(case)s "
    "ON CONFLICT (case_id, support_address_id) DO NOTHING RETURNING support_address_id"
)
FOLLOWERS = (
    "INSERT INTO cases_follower (organisation_id, case_id, employee_id, created_at) "
    "SELECT organisation_id, %(into)s, employee_id, created_at FROM cases_follower WHERE case_id = %(case)s "
    "ON CONFLICT (case_id, employee_id) DO NOTHING RETURNING employee_id"
)


def _copy(statement: str, case: Case, into: Case) -> list[Any]:
    """Rows of `case` that `into` lacks, for it too; their keys."""
    with connection.cursor() as cursor:
        cursor.execute(statement, {"case": case.pk, "into": into.pk})
        return [key for (key,) in cursor.fetchall()]


def _bring_drafts(case: Case, into: Case) -> None:
    """What colleagues are writing goes along, unless they write the same kind in the target too."""
    there = set(into.drafts.values_list("employee_id", "kind"))
    for draft in case.drafts.all():
        if (draft.employee_id, draft.kind) not in there:
            case.drafts.filter(pk=draft.pk).update(case=into, version=F("version") + 1)
