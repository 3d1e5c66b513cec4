"""The ledger: one row for every mail that ever reached a door of ours, and what became of it."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.utils import timezone

from caseway.accounts.models import Organisation
from caseway.accounts.presence import present
from caseway.cases.models import Case, Message
from caseway.mailboxes.models import Mailbox, RawEmail, SupportAddress

MOST_ATTEMPTS = 5
"""After this many failures a mail is quarantined: kept, shown, and tried again only when a person says so."""


class InboundState(models.TextChoices):
    PENDING = "pending", "Waiting"
    """Kept, not yet processed."""
    DELIVERED = "delivered", "In a case"
    IGNORED = "ignored", "Ignored"
    """Read and understood, and by its nature no case: our own mail, a bounce, an automatic mail, a repeat."""
    HELD = "held", "Held"
    """Addressed to one of our addresses that is paused: processed when it is resumed."""
    FAILED = "failed", "Failed"
    """Processing raised an error; it is tried again by itself."""
    QUARANTINED = "quarantined", "Quarantined"
    """Failed too often, or unreadable: waits for a person."""


class Door(models.TextChoices):
    IMAP = "imap", "IMAP"
    PIPE = "pipe", "Pipe"
    LMTP = "lmtp", "LMTP"
    API = "api", "API"


class InboundQuerySet(models.QuerySet["InboundEmail"]):
    def due(self) -> Self:
        """What is to be processed now, oldest first; new mail before an import of history."""
        return self.filter(
            state__in=[InboundState.PENDING, InboundState.FAILED], next_attempt_at__lte=timezone.now()
        ).order_by("is_history", "next_attempt_at", "id")

    def orphaned(self) -> Self:
        """Claimed by a process that is not there any more."""
        unfinished = self.filter(state__in=[InboundState.PENDING, InboundState.FAILED], claimed_by__isnull=False)
        return unfinished.exclude(claimed_by__in=present())


class InboundEmail(models.Model):
    """One delivery: by IMAP one (mailbox, folder, UIDVALIDITY, UID), by other doors one acceptance.

    `reason` is a sentence that an employee reads in the mail log; `detail` is for whoever mends an error.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="inbound")
    door = models.CharField(max_length=10, choices=Door.choices, default=Door.IMAP)
    mailbox = models.ForeignKey(Mailbox, null=True, blank=True, on_delete=models.SET_NULL, related_name="inbound")
    folder = models.CharField(max_length=255, blank=True)
    uidvalidity = models.BigIntegerField(null=True, blank=True)
    uid = models.BigIntegerField(null=True, blank=True)
    delivered_to = models.CharField(max_length=320, blank=True, help_text="Recipient named by a pipe or LMTP")
    raw = models.ForeignKey(RawEmail, on_delete=models.PROTECT, related_name="inbound")
    state = models.CharField(max_length=12, choices=InboundState.choices, default=InboundState.PENDING)
    reason = models.TextField(blank=True)
    detail = models.TextField(blank=True)
    kind = models.CharField(max_length=20, blank=True, help_text="The verdict's kind")
    size_on_server = models.BigIntegerField(
        default=0, help_text="Bytes of the whole message when only its beginning was fetched; else 0"
    )
    is_history = models.BooleanField(default=False, help_text="Imported from before the connection: sends nothing")
    received_at = models.DateTimeField(default=timezone.now, help_text="INTERNALDATE, or when a door took it")
    kept_at = models.DateTimeField(default=timezone.now)
    processed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    claimed_by = models.BigIntegerField(null=True, blank=True, help_text="Number of the process that is at it")
    message_identifier = models.CharField(max_length=512, blank=True)
    body_sha256 = models.CharField(max_length=64, blank=True)
    sender = models.CharField(max_length=320, blank=True)
    subject = models.TextField(blank=True)
    message = models.ForeignKey(Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="inbound")
    case = models.ForeignKey(Case, null=True, blank=True, on_delete=models.SET_NULL, related_name="inbound")
    support_address = models.ForeignKey(
        SupportAddress, null=True, blank=True, on_delete=models.SET_NULL, related_name="inbound"
    )

    objects: ClassVar[models.Manager[InboundEmail]] = InboundQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["mailbox", "folder", "uidvalidity", "uid"],
                condition=models.Q(uid__isnull=False),
                name="inbound_once",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["is_history", "next_attempt_at", "id"],
                condition=models.Q(state__in=["pending", "failed"]),
                name="inbound_due",
            ),
            models.Index(fields=["claimed_by"], condition=~models.Q(claimed_by=None), name="inbound_claimed"),
            models.Index(fields=["organisation", "-id"], name="inbound_page"),
            models.Index(fields=["organisation", "state", "-id"], name="inbound_page_state"),
            models.Index(
                fields=["organisation", "message_identifier"],
                condition=~models.Q(message_identifier=""),
                name="inbound_by_message_id",
            ),
            models.Index(fields=["mailbox", "-received_at"], name="inbound_of_mailbox"),
        ]

    def __str__(self) -> str:
        return f"{self.state}: {self.subject or self.message_identifier or self.pk}"


from caseway.intake.records import Alarm, DailyCount, HistoryImport, Remainder  # noqa: E402 (they name InboundEmail)

__all__ = [
    "MOST_ATTEMPTS", "Alarm", "DailyCount", "Door", "HistoryImport", "InboundEmail", "InboundState", "Remainder",
]  # fmt: skip
