"""What is remembered beside the ledger: imports of history, daily counts, fetches of the rest, and alarms."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from caseway.accounts.models import Employee, Organisation
from caseway.mailboxes.models import Mailbox


class WorkState(models.TextChoices):
    """Work that a person asked for and a worker does."""

    REQUESTED = "requested", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Stopped")


UNFINISHED = (WorkState.REQUESTED, WorkState.RUNNING)


class HistoryImport(models.Model):
    """Taking in what lay in a mailbox before it was connected. It goes on from `position` whatever happened."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="history_imports")
    since = models.DateField(null=True, blank=True, help_text="Empty: everything")
    state = models.CharField(max_length=10, choices=WorkState.choices, default=WorkState.REQUESTED)
    total = models.PositiveIntegerField(null=True, blank=True, help_text="Messages to look at; empty: not counted yet")
    seen = models.PositiveIntegerField(default=0, help_text="Messages looked at")
    kept = models.PositiveIntegerField(default=0, help_text="Of these new in the ledger")
    position = models.JSONField(default=dict, help_text="For each folder UIDVALIDITY and the last UID that is done")
    words = models.TextField(blank=True, help_text="Why it waits or failed")
    lease_until = models.DateTimeField(
        db_default=Now(), help_text="Not taken up by another worker, nor tried again, before"
    )
    lease_number = models.BigIntegerField(default=0, help_text="Grows with each claim: a late worker writes nothing")
    attempts = models.PositiveIntegerField(default=0, help_text="Failures in a row")
    requested_by = models.ForeignKey(Employee, null=True, on_delete=models.SET_NULL, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["mailbox"],
                condition=models.Q(state__in=["requested", "running"]),
                name="history_import_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"History of {self.mailbox}: {self.state}"

    @property
    def is_unfinished(self) -> bool:
        return self.state in UNFINISHED

    @property
    def percent(self) -> int:
        return min(100, 100 * self.seen // self.total) if self.total else 0


class DailyCount(models.Model):
    """One mailbox on one day: what the server holds of it, and where each of these messages is."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="daily_counts")
    day = models.DateField(help_text="In the organisation's time zone, by when Caseway kept it")
    on_server = models.PositiveIntegerField(default=0)
    in_cases = models.PositiveIntegerField(default=0)
    ignored = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)
    waiting = models.PositiveIntegerField(default=0, help_text="Pending, held or to be tried again")
    missing = models.PositiveIntegerField(default=0, help_text="On the server and not in the ledger at the last look")
    recovered = models.PositiveIntegerField(default=0, help_text="Were missing and were fetched again")
    gone = models.PositiveIntegerField(default=0, help_text="In the ledger and not on the server any more")
    checked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["mailbox", "day"], name="daily_count_once"),
        ]

    def __str__(self) -> str:
        parts = [f"{self.in_cases} in cases"]
        for number, word in (
            (self.ignored, "ignored"),
            (self.quarantined, "quarantined"),
            (self.waiting, "waiting"),
            (self.missing, "missing"),
        ):
            parts += [f"{number} {word}"] if number else []
        return f"server {self.on_server} = {' + '.join(parts)}"


class AlarmQuerySet(models.QuerySet["Alarm"]):
    def open(self) -> Self:
        return self.filter(cleared_at=None).order_by("since", "id")


class Alarm(models.Model):
    """Something that only a person can mend. One row for each cause, from when it was seen until it is gone."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=30)
    subject_id = models.BigIntegerField(default=0, help_text="The mailbox, where it is one's")
    text = models.TextField(help_text="What is wrong, in a sentence")
    fix = models.TextField(blank=True)
    since = models.DateTimeField(default=timezone.now)
    told_at = models.DateTimeField(null=True, blank=True, help_text="When administrators were sent an email")
    cleared_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Alarm]] = AlarmQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["organisation", "kind", "subject_id"],
                condition=models.Q(cleared_at=None),
                name="alarm_once",
            ),
        ]

    def __str__(self) -> str:
        return self.text


class Remainder(models.Model):
    """The rest of a mail of which only the beginning was fetched, asked for by a person."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    inbound = models.OneToOneField("intake.InboundEmail", on_delete=models.CASCADE, related_name="remainder")
    state = models.CharField(max_length=10, choices=WorkState.choices, default=WorkState.REQUESTED)
    words = models.TextField(blank=True, help_text="Why it could not be fetched")
    attempts = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(db_default=Now())
    requested_by = models.ForeignKey(Employee, null=True, on_delete=models.SET_NULL, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"Rest of {self.inbound_id}: {self.state}"
