"""Alarms: what only a person can mend, seen by administrators in every page and told once by email until it is gone.

One table of causes. A worker looks every few seconds, opens an alarm for a cause that is new, and closes those whose
cause is gone. The email leaves through the system's own server.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from caseway.accounts.bell import tell
from caseway.accounts.models import Heartbeat, Organisation
from caseway.accounts.scope import every_organisation, organisation_scope
from caseway.accounts.space import LOW_BYTES, database_is_full
from caseway.intake.models import Alarm, DailyCount, InboundEmail, InboundState
from caseway.mailboxes.models import Mailbox, MailboxState
from caseway.outbound.alarms import tell_administrators
from caseway.outbound.models import CopyState, OutboundEmail, OutboundKind, OutboundState, SentCopy

DOWN_AFTER = dt.timedelta(minutes=15)
UNPROCESSED_AFTER = dt.timedelta(minutes=5)
UNSENT_AFTER = dt.timedelta(minutes=15)
TOLD_AGAIN_AFTER = dt.timedelta(hours=1)
SHOWN_FOR = dt.timedelta(days=2)
"""How long what has failed for good and needs no decision is shown."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that is wrong now."""

    kind: str
    text: str
    fix: str = ""
    subject_id: int = 0
    is_told: bool = False
    """Somebody was sent an email about it already, from elsewhere."""


def look() -> int:
    """Open and close the alarms of every organisation. Returns 0: there is no more to do until the next look."""
    with every_organisation():
        organisations = list(Organisation.objects.all())
    for organisation in organisations:
        with organisation_scope(organisation.pk):
            update(organisation)
    return 0


WORKER_SILENCE = dt.timedelta(minutes=1)
"""A worker that was not heard for so long keeps no alarms up to date."""


def worker_beats(since: dt.datetime | None = None) -> QuerySet[Heartbeat]:
    """A worker that lives, or did at that time; at most one row."""
    return Heartbeat.objects.filter(kind="worker", seen_at__gt=since or Now() - WORKER_SILENCE).order_by("pk")[:1]


def open_alarms(organisation_id: int) -> list[Alarm]:
    """What a page shows now. Where no worker looks, whether mail stands still is looked up at this moment."""
    found = list(Alarm.objects.open().filter(organisation_id=organisation_id))
    if worker_beats():
        return found
    kinds = {one.kind for one in found}
    for rule in (_database, _room, _unprocessed, _unsent):
        found += [
            Alarm(organisation_id=organisation_id, kind=cause.kind, text=cause.text, fix=cause.fix)
            for cause in rule(organisation_id)
            if cause.kind not in kinds
        ]
    return found


def update(organisation: Organisation) -> list[Alarm]:
    """Bring the alarms of `organisation` up to date, within its scope; returns those that were opened now."""
    causes = {(one.kind, one.subject_id): one for rule in RULES for one in rule(organisation.pk)}
    with transaction.atomic():
        Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)  # one look at a time
        known = {(one.kind, one.subject_id): one for one in Alarm.objects.open().filter(organisation=organisation)}
        gone = [one.pk for key, one in known.items() if key not in causes]
        Alarm.objects.filter(pk__in=gone).update(cleared_at=timezone.now())
        changed = bool(gone)
        for key, alarm in known.items():
            if key in causes and (alarm.text, alarm.fix) != (causes[key].text, causes[key].fix):
                Alarm.objects.filter(pk=alarm.pk).update(text=causes[key].text, fix=causes[key].fix)
                changed = True
        opened = [_open(organisation, cause) for key, cause in causes.items() if key not in known]
        if changed or opened:
            tell(organisation.pk, "alarms")
        if untold := [one for one in opened if one.told_at is None]:
            _tell(organisation, untold)
    return opened


def _open(organisation: Organisation, cause: Cause) -> Alarm:
    return Alarm.objects.create(
        organisation=organisation,
        kind=cause.kind,
        subject_id=cause.subject_id,
        text=cause.text,
        fix=cause.fix,
        told_at=timezone.now() if cause.is_told else None,
    )


def _tell(organisation: Organisation, alarms: list[Alarm]) -> None:
    """One email for all that was found at once; nothing of what was told within the hour: it comes and goes."""
    recently = Alarm.objects.filter(organisation=organisation, told_at__gt=timezone.now() - TOLD_AGAIN_AFTER)
    told = set(recently.values_list("kind", "subject_id"))
    Alarm.objects.filter(pk__in=[one.pk for one in alarms]).update(told_at=timezone.now())
    alarms = [one for one in alarms if (one.kind, one.subject_id) not in told]
    if not alarms:
        return
    mailboxes = Mailbox.objects.filter(pk__in=[one.subject_id for one in alarms])
    subject = alarms[0].text if len(alarms) == 1 else f"{len(alarms)} things need somebody’s attention"
    text = "\n\n".join(" ".join(part for part in (one.text, one.fix) if part) for one in alarms)
    tell_administrators(organisation, subject, text, not_through=[one.address for one in mailboxes])


# -- the causes


def _stopped(organisation_id: int) -> Iterable[Cause]:
    for mailbox in _kept(organisation_id).filter(state=MailboxState.STOPPED):
        # its owner and the administrators were told when it stopped
        yield Cause(
            "mailbox-stopped",
            f"{mailbox.address} is not read any more: {mailbox.error_cause}",
            mailbox.error_fix,
            mailbox.pk,
            is_told=True,
        )


def _down(organisation_id: int) -> Iterable[Cause]:
    before = Now() - DOWN_AFTER
    silent = Q(checked_at__lt=before) | Q(checked_at=None, created_at__lt=before)
    for mailbox in _kept(organisation_id).filter(silent, state=MailboxState.ACTIVE, state_since__lt=before):
        why = mailbox.error_cause or "nothing has looked into it."
        yield Cause(
            "mailbox-down",
            f"{mailbox.address} has not been read for more than {DOWN_AFTER.seconds // 60} minutes: {why}",
            mailbox.error_fix or "See whether `caseway watch` runs.",
            mailbox.pk,
        )


def _room(organisation_id: int) -> Iterable[Cause]:
    """Of every disk that some process keeps mail on. An installation's matter, told to every organisation."""
    beats = Heartbeat.objects.filter(seen_at__gt=Now() - WORKER_SILENCE, free_bytes__lt=LOW_BYTES)
    hosts: dict[str, int] = {}
    for name, free in beats.values_list("name", "free_bytes"):
        host = name.rpartition(":")[0]
        hosts[host] = min(free or 0, hosts.get(host, LOW_BYTES))
    for host, free in sorted(hosts.items())[:1]:
        is_full = free < int(settings.CASEWAY_LARGEST_MAIL)
        yield Cause(
            "room",
            f"The disk of {host} is full: mail stays on its servers."
            if is_full
            else f"The disk of {host} has less than {LOW_BYTES // 10**6} MB left.",
            "Make room, or move CASEWAY_DATA to a larger disk. Mail waits where it is and is taken in then.",
        )


def _database(organisation_id: int) -> Iterable[Cause]:
    """Asked where nothing else can be known, because alarms need room in the database themselves."""
    if database_is_full():
        yield Cause(
            "database-full",
            "The database has no room left: nothing can be kept.",
            "Make room on its disk. Mail waits on its servers and is taken in then; nothing is lost.",
        )


def _quarantined(organisation_id: int) -> Iterable[Cause]:
    count = InboundEmail.objects.filter(organisation_id=organisation_id, state=InboundState.QUARANTINED).count()
    if count:
        text = "1 mail is" if count == 1 else f"{count} mails are"
        yield Cause("quarantined", f"{text} in quarantine and in no case.", "Look at them in the mail log.")


def _unprocessed(organisation_id: int) -> Iterable[Cause]:
    before = Now() - UNPROCESSED_AFTER
    late = InboundEmail.objects.filter(
        organisation_id=organisation_id, state=InboundState.PENDING, is_history=False, next_attempt_at__lt=before
    )
    if late.exists():
        minutes = UNPROCESSED_AFTER.seconds // 60
        yield Cause(
            "unprocessed",
            f"Mail that arrived more than {minutes} minutes ago is not in a case yet.",
            "See whether `caseway worker` runs and keeps up.",
        )


def _uncertain(organisation_id: int) -> Iterable[Cause]:
    count = OutboundEmail.objects.filter(organisation_id=organisation_id, state=OutboundState.UNCERTAIN).count()
    if count:
        text = "1 mail was perhaps sent" if count == 1 else f"{count} mails were perhaps sent"
        yield Cause("uncertain", f"{text}, and perhaps not.", "Decide in Outgoing email whether they are sent again.")


def _failed(organisation_id: int) -> Iterable[Cause]:
    """Answers of people; that an acknowledgement found no mailbox is everyday life."""
    failed = OutboundEmail.objects.filter(
        organisation_id=organisation_id,
        state=OutboundState.FAILED,
        kind=OutboundKind.REPLY,
        created_at__gt=timezone.now() - SHOWN_FOR,
    ).count()
    if failed:
        text = "1 answer" if failed == 1 else f"{failed} answers"
        yield Cause("not-sent", f"{text} could not be sent.", "See why in Outgoing email.")


def _unsent(organisation_id: int) -> Iterable[Cause]:
    rows = OutboundEmail.objects.due().filter(organisation_id=organisation_id).order_by()
    if rows.exclude(kind=OutboundKind.SYSTEM).filter(send_at__lt=Now() - UNSENT_AFTER).exists():
        yield Cause(
            "outbox",
            f"Mail has waited for more than {UNSENT_AFTER.seconds // 60} minutes to leave.",
            "See whether `caseway worker` runs and keeps up.",
        )


def _missing(organisation_id: int) -> Iterable[Cause]:
    recent = timezone.now() - dt.timedelta(days=1)
    rows = DailyCount.objects.filter(
        Q(missing__gt=0) | Q(recovered__gt=0), organisation_id=organisation_id, checked_at__gt=recent
    )
    for row in rows.filter(mailbox__deleted_at=None).select_related("mailbox").order_by("day"):
        if row.missing:
            text = f"{row.missing} messages in {row.mailbox.address} are not in the mail log."
            yield Cause(
                "missing", text, "They are fetched again every hour; look at them on the server.", row.mailbox_id
            )
        else:
            text = f"{row.recovered} messages of {row.mailbox.address} were missing; they have been fetched again."
            yield Cause("missing", text, "Their cases may be late.", row.mailbox_id)


def _copies(organisation_id: int) -> Iterable[Cause]:
    recent = timezone.now() - SHOWN_FOR
    failed = SentCopy.objects.filter(
        organisation_id=organisation_id, state=CopyState.FAILED, created_at__gt=recent
    ).count()
    if failed:
        yield Cause(
            "copies",
            f"{failed} sent mails have no copy in the Sent folder.",
            "They were sent; only the copy is missing.",
        )


def _kept(organisation_id: int) -> QuerySet[Mailbox]:
    return Mailbox.objects.filter(organisation_id=organisation_id, deleted_at=None).defer("password", "smtp_password")


RULES: tuple[Callable[[int], Iterable[Cause]], ...] = (
    _room, _stopped, _down, _quarantined, _unprocessed, _uncertain, _failed, _unsent, _missing, _copies,
)  # fmt: skip
