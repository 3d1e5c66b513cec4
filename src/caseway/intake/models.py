"""The ledger: one row for every mail that ever reached a door of ours, and what became of it."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from caseway.accounts.models import Employee, Organisation
from caseway.accounts.presence import present
from caseway.cases.models import Case, Message
from caseway.mailboxes.models import Mailbox, RawEmail, SupportAddress

MOST_ATTEMPTS = 5
"""After this many failures a mail is quarantined: kept, shown, and tried again only when a person says so."""


class InboundState(models.TextChoices):
    PENDING = "pending", _("Waiting")
    """Kept, not yet processed."""
    DELIVERED = "delivered", _("In a case")
    IGNORED = "ignored", _("Ignored")
    """Read and understood, and by its nature no case: our own mail, a bounce, an automatic mail, a repeat."""
    HELD = "held", _("Held")
    """Waits for a person: for an address that is paused, or part of a flood (`Hold`)."""
    FAILED = "failed", _("Failed")
    """Processing raised an error; it is tried again by itself."""
    QUARANTINED = "quarantined", _("Quarantined")
    """Failed too often, or unreadable: waits for a person."""


class Hold(models.TextChoices):
    """Why a mail is held."""

    PAUSED = "paused", _("Its address is paused")
    """Processed when the address is resumed."""
    FLOOD = "flood", _("Part of a flood")
    """Processed when a person says so."""


class Decision(models.TextChoices):
    """What a person decided about a mail; it outranks what the mail's own signs say."""

    QUIET = "quiet", _("Process it again and send nothing")
    CASE = "case", _("Make a case")
    CASE_ACKNOWLEDGED = "case_acknowledged", _("Make a case and acknowledge it")


class Door(models.TextChoices):
    IMAP = "imap", _("IMAP")
    PIPE = "pipe", _("Pipe")
    LMTP = "lmtp", _("LMTP")
    API = "api", _("API")


class InboundQuerySet(models.QuerySet["InboundEmail"]):
    def due(self) -> Self:
        """What is to be processed now, oldest first; new mail before an import of history."""
        return self.filter(state__in=[InboundState.PENDING, InboundState.FAILED], next_attempt_at__lte=Now()).order_by(
            "is_history", "next_attempt_at", "id"
        )

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
    hold = models.CharField(max_length=10, choices=Hold.choices, blank=True)
    decision = models.CharField(max_length=20, choices=Decision.choices, blank=True)
    decided_by = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    size_on_server = models.BigIntegerField(
        default=0, help_text="Bytes of the whole message when only its beginning was fetched; else 0"
    )
    is_history = models.BooleanField(default=False, help_text="Imported from before the connection: sends nothing")
    received_at = models.DateTimeField(default=timezone.now, help_text="INTERNALDATE, or when a door took it")
    kept_at = models.DateTimeField(default=timezone.now)
    processed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
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
            models.Index(
                fields=["organisation", "body_sha256", "-received_at"],
                condition=~models.Q(body_sha256=""),
                name="inbound_same_words",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state}: {self.subject or self.message_identifier or self.pk}"


class SenderRule(models.Model):
    """A sender whose mail is kept in the ledger and ignored: an address, or a whole domain."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="sender_rules")
    key = models.CharField(max_length=320, help_text="An address key, or '@' and a domain")
    created_by = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organisation", "key"], name="sender_rule_once"),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def sentence(self) -> str:
        """Why a mail is ignored, for the ledger."""
        who = self.created_by.name if self.created_by else "Somebody who left"
        return f"Mail from {self.key} is ignored: {who} decided so on {self.created_at:%Y-%m-%d}."


from caseway.intake.records import Alarm, DailyCount, HistoryImport, Remainder  # noqa: E402 (they name InboundEmail)

__all__ = [
    "MOST_ATTEMPTS",
    "Alarm",
    "DailyCount",
    "Decision",
    "Door",
    "HistoryImport",
    "Hold",
    "InboundEmail",
    "InboundState",
    "Remainder",
    "SenderRule",
]
