"""`/health` for load balancers and people, `/metrics` for Prometheus: what the database says at this moment."""

from __future__ import annotations

import datetime
import ipaddress
import secrets
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.db.models import Max, Min, Q, Sum
from django.db.models.functions import Now
from django.db.utils import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from psycopg_pool import PoolTimeout

from caseway.accounts.models import Heartbeat
from caseway.accounts.scope import every_organisation
from caseway.accounts.space import database_is_full
from caseway.intake.models import Alarm, DailyCount, InboundEmail, InboundState
from caseway.mailboxes.models import Mailbox, MailboxState
from caseway.outbound.models import CopyState, OutboundEmail, OutboundState, SentCopy

SILENT_AFTER = 60.0  # seconds without a heartbeat
BEAT_LATE = 20.0  # seconds after which it is looked whether the database takes any
OLDEST_PENDING = 300.0  # seconds that a kept mail may wait
COUNTED_WITHIN = datetime.timedelta(days=1)
OLDEST_DUE = 900.0  # seconds that a due mail may wait to leave


@dataclass(frozen=True, slots=True)
class State:
    """Ages are seconds; None: there is none."""

    worker_age: float | None
    watch_age: float | None
    pending: int
    pending_age: float | None
    quarantined: int
    due: int
    due_age: float | None
    uncertain: int
    mailboxes: int
    mailboxes_down: int
    lmtp_age: float | None = None
    history_pending: int = 0
    failed: int = 0
    copies_waiting: int = 0
    missing: int = 0
    recovered: int = 0
    alarms: int = 0
    free_bytes: int | None = None
    """Room where the fullest process keeps mail."""
    is_database_full: bool = False

    @property
    def problems(self) -> list[str]:
        """What keeps mail from becoming cases or answers from leaving, in words. One mailbox's trouble is not here."""
        found = []
        if self.is_database_full:
            found.append("the database has no room left")
        if self.free_bytes is not None and self.free_bytes < int(settings.CASEWAY_LARGEST_MAIL):
            found.append(f"the disk that mail is kept on has {self.free_bytes // 10**6} MB left")
        for name, age in (("worker", self.worker_age), ("watcher", self.watch_age)):
            if age is None or age > SILENT_AFTER:
                found.append(f"no {name} is running" if age is None else f"the {name} was last heard {age:.0f} s ago")
        if self.pending_age is not None and self.pending_age > OLDEST_PENDING:
            found.append(f"the oldest kept mail has waited {self.pending_age:.0f} s to be processed")
        if self.due_age is not None and self.due_age > OLDEST_DUE:
            found.append(f"the oldest due mail has waited {self.due_age:.0f} s to leave")
        return found


@never_cache
def health(request: HttpRequest) -> HttpResponse:
    """200 while mail can come in and go out, else 503 with the reasons. Names nobody's addresses."""
    try:
        state = look()
    except (DatabaseError, PoolTimeout):
        return JsonResponse({"status": "down", "database": "down", "problems": ["no database"]}, status=503)
    problems = state.problems
    status = "down" if problems else "degraded" if state.mailboxes_down or state.missing or state.alarms else "ok"
    body = {
        "status": status,
        "problems": problems,
        "database": "ok",
        "worker": {"heartbeat_age_seconds": state.worker_age},
        "watcher": {"heartbeat_age_seconds": state.watch_age},
        "intake": {"pending": state.pending, "oldest_age_seconds": state.pending_age, "quarantined": state.quarantined},
        "outbox": {
            "due": state.due,
            "oldest_age_seconds": state.due_age,
            "uncertain": state.uncertain,
            "failed": state.failed,
        },
        "room": {"free_bytes": state.free_bytes, "database_full": state.is_database_full},
        "missing": state.missing,
        "alarms": state.alarms,
        "mailboxes": {"watched": state.mailboxes, "down": state.mailboxes_down},
    }
    return JsonResponse(body, status=503 if problems else 200)


@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Gauges for Prometheus: with the token of CASEWAY_METRICS_TOKEN, or without one from this machine only."""
    if not _may_see_metrics(request):
        return HttpResponse("Not allowed: see CASEWAY_METRICS_TOKEN.\n", status=403, content_type="text/plain")
    registry = CollectorRegistry()
    up = Gauge("caseway_database_up", "1 while the database answers", registry=registry)
    try:
        state = look()
    except (DatabaseError, PoolTimeout):
        up.set(0)
    else:
        up.set(1)
        for name, meaning, value in _gauges(state):
            Gauge(f"caseway_{name}", meaning, registry=registry).set(float("nan") if value is None else value)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def look() -> State:
    """The state of the whole installation, all organisations together."""
    with every_organisation():
        now = _database_time()
        beats = dict(Heartbeat.objects.values_list("kind").annotate(Max("seen_at")))
        every = InboundEmail.objects.filter(state__in=[InboundState.PENDING, InboundState.FAILED])
        waiting = every.filter(is_history=False)  # an import waits for whatever else there is
        lines = DailyCount.objects.filter(checked_at__gt=timezone.now() - COUNTED_WITHIN, mailbox__deleted_at=None)
        sums = lines.aggregate(missing=Sum("missing"), recovered=Sum("recovered"))
        oldest = waiting.filter(state=InboundState.PENDING).aggregate(oldest=Min("next_attempt_at"))["oldest"]
        due = OutboundEmail.objects.due().order_by()
        active = Mailbox.objects.filter(deleted_at=None)
        heard = Heartbeat.objects.filter(seen_at__gt=Now() - datetime.timedelta(seconds=SILENT_AFTER))
        is_silent = min((_age(one, now) or 0.0 for one in beats.values()), default=SILENT_AFTER) > BEAT_LATE
        return State(
            worker_age=_age(beats.get("worker"), now),
            watch_age=_age(beats.get("watch"), now),
            pending=waiting.count(),
            pending_age=_age(oldest, now),
            quarantined=InboundEmail.objects.filter(state=InboundState.QUARANTINED).count(),
            due=due.count(),
            due_age=_age(due.aggregate(oldest=Min("send_at"))["oldest"], now),
            uncertain=OutboundEmail.objects.filter(state=OutboundState.UNCERTAIN).count(),
            mailboxes=active.filter(state=MailboxState.ACTIVE).count(),
            mailboxes_down=active.filter(
                Q(state=MailboxState.STOPPED) | Q(state=MailboxState.ACTIVE) & ~Q(error_cause="")
            ).count(),
            lmtp_age=_age(beats.get("lmtp"), now),
            history_pending=every.filter(is_history=True).count(),
            failed=OutboundEmail.objects.filter(state=OutboundState.FAILED).count(),
            copies_waiting=SentCopy.objects.filter(state=CopyState.WAITING).count(),
            missing=sums["missing"] or 0,
            recovered=sums["recovered"] or 0,
            alarms=Alarm.objects.open().count(),
            free_bytes=heard.aggregate(least=Min("free_bytes"))["least"],
            is_database_full=is_silent and database_is_full(),
        )


def _gauges(state: State) -> list[tuple[str, str, float | None]]:
    return [
        ("worker_heartbeat_age_seconds", "Since a worker was last heard", state.worker_age),
        ("watcher_heartbeat_age_seconds", "Since a watcher was last heard", state.watch_age),
        ("lmtp_heartbeat_age_seconds", "Since `caseway lmtp` was last heard", state.lmtp_age),
        ("intake_history_pending", "Imported mails that wait to be processed", state.history_pending),
        ("intake_missing", "Messages on servers that are not in the ledger, at the last count", state.missing),
        ("intake_recovered", "Messages that were missing within a day and were fetched again", state.recovered),
        ("disk_free_bytes", "Room on the fullest disk that mail is kept on", state.free_bytes),
        ("database_full", "1 while the database has no room left", float(state.is_database_full)),
        ("alarms_open", "Alarms that wait for a person", state.alarms),
        ("outbox_failed", "Mails that could not be sent", state.failed),
        ("outbox_copies_waiting", "Sent mails whose copy is not in the Sent folder yet", state.copies_waiting),
        ("intake_pending", "Kept mails that wait to be processed or tried again", state.pending),
        ("intake_oldest_age_seconds", "Wait of the oldest kept mail that is due", state.pending_age or 0),
        ("intake_quarantined", "Mails that wait for a person", state.quarantined),
        ("outbox_due", "Mails that wait to leave", state.due),
        ("outbox_oldest_age_seconds", "Wait of the oldest mail that is due to leave", state.due_age or 0),
        ("outbox_uncertain", "Mails of which nobody knows whether they left", state.uncertain),
        ("mailboxes_watched", "Connected mailboxes that are not paused", state.mailboxes),
        ("mailboxes_down", "Connected mailboxes with an error", state.mailboxes_down),
    ]


def _may_see_metrics(request: HttpRequest) -> bool:
    if token := settings.CASEWAY_METRICS_TOKEN:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return secrets.compare_digest(given.encode(), token.encode())
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False  # through a proxy on this machine everybody looks local
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _database_time() -> datetime.datetime:
    """All that waits goes by the database's clock; this machine's may differ."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        [now] = cursor.fetchone()
    found: datetime.datetime = now
    return found


def _age(when: datetime.datetime | None, now: datetime.datetime) -> float | None:
    return None if when is None else max(0.0, round((now - when).total_seconds(), 1))
