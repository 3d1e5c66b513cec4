"""The outbox: every mail that Caseway sends, from queueing to the server's word."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from caseway.accounts.models import Employee, Organisation
from caseway.accounts.presence import present
from caseway.cases.models import Case, Message
from caseway.mailboxes.models import Mailbox, RawEmail, SupportAddress


class OutboundState(models.TextChoices):
    QUEUED = "queued", _("Queued")
    SENDING = "sending", _("Sending")
    """Claimed by a sender. When that dies it is queued again, or uncertain once `handed_over_at` is set."""
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    """The server refused it for good, or it was tried for too long: the last words of the server are kept."""
    UNCERTAIN = "uncertain", _("Uncertain")
    """The connection died after the message was handed over. Never sent again blindly: a person decides."""
    CANCELLED = "cancelled", _("Cancelled")
    HELD = "held", _("Held")
    """A scheduled reply whose customer wrote in the meantime: a person decides whether it still fits."""


class OutboundKind(models.TextChoices):
    REPLY = "reply", _("Reply")
    ACKNOWLEDGEMENT = "acknowledgement", _("Acknowledgement")
    SYSTEM = "system", _("From Caseway")
    """Invitations, password links, alarms."""


class OutboundQuerySet(models.QuerySet["OutboundEmail"]):
    def due(self) -> Self:
        """What may leave now, oldest first."""
        stopped = Pause.objects.filter(kind=PauseKind.SENDING, ended_at=None).values("organisation_id")
        may_leave = models.Q(kind=OutboundKind.SYSTEM) | ~models.Q(organisation_id__in=stopped)
        queued = self.filter(state=OutboundState.QUEUED, send_at__lte=Now())
        return queued.filter(may_leave).order_by("send_at", "id")

    def abandoned(self) -> Self:
        """Claimed by a sender that is not there any more, or whose lease has ended."""
        gone = models.Q(claimed_by__isnull=False) & ~models.Q(claimed_by__in=present())
        return self.filter(gone | models.Q(lease_until__lt=Now()), state=OutboundState.SENDING)


class OutboundEmail(models.Model):
    """One mail on its way. Bytes, Message-ID and recipients are fixed at queueing; each try sends the same."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="outbound")
    kind = models.CharField(max_length=20, choices=OutboundKind.choices)
    case = models.ForeignKey(Case, null=True, blank=True, on_delete=models.CASCADE, related_name="outbound")
    message = models.OneToOneField(
        Message, null=True, blank=True, on_delete=models.CASCADE, related_name="outbound"
    )  # the entry in the timeline
    mailbox = models.ForeignKey(
        Mailbox, null=True, blank=True, on_delete=models.SET_NULL, related_name="outbound",
        help_text="Whose outgoing server sends it; none: the system's",
    )  # fmt: skip
    raw = models.ForeignKey(RawEmail, on_delete=models.PROTECT, related_name="outbound")
    message_identifier = models.CharField(max_length=512)
    subject = models.TextField(blank=True)
    envelope_from = models.CharField(max_length=320, blank=True, help_text="Empty: the null sender")
    recipients = ArrayField(models.CharField(max_length=320))
    needs_smtputf8 = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=OutboundState.choices, default=OutboundState.QUEUED)
    send_at = models.DateTimeField(db_default=Now(), help_text="Not before; also the time of the next try")
    attempts = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_number = models.BigIntegerField(default=0, help_text="Grows with each claim: a late sender records nothing")
    claimed_by = models.BigIntegerField(null=True, blank=True, help_text="Number of the process that is at it")
    handed_over_at = models.DateTimeField(
        null=True, blank=True, help_text="Written before the last dot is sent: without it the mail has not left"
    )
    server_words = models.TextField(blank=True, help_text="The receiving server's last answer, or the error")
    is_scheduled = models.BooleanField(default=False, help_text="A person chose send_at")
    evidence = models.TextField(blank=True, help_text="How it was settled that an uncertain mail was sent")
    request_key = models.CharField(max_length=100, blank=True, help_text="Set by the client: the same key sends once")
    created_by = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[OutboundEmail]] = OutboundQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["case"], condition=models.Q(kind="acknowledgement"), name="acknowledgement_once"
            ),
            models.UniqueConstraint(
                fields=["organisation", "request_key"],
                condition=~models.Q(request_key=""),
                name="outbound_request_once",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["send_at", "id"], condition=models.Q(state="queued"), name="outbound_due"),
            models.Index(fields=["lease_until"], condition=models.Q(state="sending"), name="outbound_leased"),
            models.Index(fields=["organisation", "-id"], name="outbound_page"),
            models.Index(fields=["id"], condition=models.Q(state="uncertain"), name="outbound_uncertain"),
            models.Index(fields=["sent_at"], condition=models.Q(sent_at__isnull=False), name="outbound_sent_at"),
            models.Index(fields=["organisation", "message_identifier"], name="outbound_by_message_id"),
            models.Index(fields=["mailbox", "sent_at"], condition=models.Q(state="sent"), name="outbound_to_copy"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state} {self.message_identifier}"


class AcknowledgementCount(models.Model):
    """How many acknowledgements an address or domain was sent in an hour: the brake against loops and storms."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=320, help_text="An address key, '@domain', or '*' for all")
    hour = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organisation", "key", "hour"], name="acknowledgement_count_once"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.hour:%Y-%m-%d %H}: {self.count}"


class PauseKind(models.TextChoices):
    ACKNOWLEDGEMENTS = "acknowledgements", _("Acknowledgements")
    """To an address, to first-time senders of a domain, or through a mailbox."""
    FLOOD = "flood", _("Mail held")
    """Mail of one sender is held, because too much of it came at once."""
    SENDING = "sending", _("Sending")
    """Nothing but Caseway's own mail leaves."""


class PauseQuerySet(models.QuerySet["Pause"]):
    def active(self, now: datetime | None = None) -> Self:
        """Those in force now, the latest first."""
        running = models.Q(until=None) | models.Q(until__gt=now or timezone.now())
        return self.filter(running, ended_at=None).order_by("-started_at", "-pk")


class Pause(models.Model):
    """Something that Caseway stopped by itself against loops, floods and runaway sending. A person may end it."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20, choices=PauseKind.choices)
    key = models.CharField(max_length=320, help_text="An address key, '@domain', 'mailbox:id', or '*'")
    reason = models.TextField()
    started_at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(null=True, blank=True, help_text="Ends by itself then; empty: a person ends it")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    objects: ClassVar[models.Manager[Pause]] = PauseQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["organisation", "kind", "key"], condition=models.Q(ended_at=None), name="pause_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class CopyState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    KEPT = "kept", _("In the Sent folder")
    FAILED = "failed", _("Failed")
    """Tried for too long: the mail was sent, only its copy is missing."""


class SentCopy(models.Model):
    """The copy of a sent mail in its mailbox's Sent folder. Whatever becomes of it, the mail is not sent again."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    outbound = models.OneToOneField(OutboundEmail, on_delete=models.CASCADE, related_name="sent_copy")
    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="sent_copies")
    state = models.CharField(max_length=10, choices=CopyState.choices, default=CopyState.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    words = models.TextField(blank=True, help_text="Which folder it is in, or why not yet")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["next_attempt_at"], condition=models.Q(state="waiting"), name="sent_copy_due"),
        ]

    def __str__(self) -> str:
        return f"Copy of {self.outbound_id}: {self.state}"


class CannedReply(models.Model):
    """A text that is written once and used often, with the variables that acknowledgements have."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="canned_replies")
    title = models.CharField(max_length=100)
    shortcut = models.CharField(max_length=40, blank=True, help_text="Typed after '/' in an answer")
    text = models.TextField(help_text="Liquid; cleaned HTML or plain text as `is_html` says")
    is_html = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    used = models.PositiveIntegerField(default=0, help_text="How often it was put into an answer: for the order")
    modified_at = models.DateTimeField(default=timezone.now)
    modified_by = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["organisation", "shortcut"], condition=~models.Q(shortcut=""), name="canned_shortcut_once"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Signature(models.Model):
    """What stands below an answer. The most particular row counts: address and employee, employee, address, all."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    employee = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.CASCADE, related_name="signatures", help_text="None: all"
    )
    support_address = models.ForeignKey(
        SupportAddress,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="signatures",
        help_text="None: all",
    )
    html = models.TextField(blank=True, help_text="Liquid inside cleaned HTML: {{ employee.name }}")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["organisation", "employee", "support_address"], nulls_distinct=False, name="signature_once"
            ),
        ]

    def __str__(self) -> str:
        return f"Signature {self.pk}"
