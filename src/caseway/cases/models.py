"""Cases and what happened in them. Verbs stand on the aggregate, reads on the queryset."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from caseway.accounts.models import Employee, Organisation, Team
from caseway.contacts.models import Contact, Customer
from caseway.mailboxes.models import RawEmail, SupportAddress


class Status(models.TextChoices):
    NEW = "new", "New"
    OPEN = "open", "Open"
    WAITING = "waiting", "Waiting"
    CLOSED = "closed", "Closed"


class Priority(models.TextChoices):
    LOW = "low", "Low"
    NORMAL = "normal", "Normal"
    HIGH = "high", "High"
    URGENT = "urgent", "Urgent"


class Source(models.TextChoices):
    EMAIL = "email", "Email"
    MANUAL = "manual", "By hand"
    API = "api", "API"


class CaseQuerySet(models.QuerySet["Case"]):
    def visible_to(self, employee: Employee) -> Self:
        """The only door to a case: those of the employee's organisation that were not deleted."""
        return self.filter(organisation_id=employee.organisation_id, deleted_at=None)

    def deleted_for(self, employee: Employee) -> Self:
        """The employee's trash."""
        return self.filter(organisation_id=employee.organisation_id, deleted_at__isnull=False)

    def unclosed(self) -> Self:
        return self.exclude(status=Status.CLOSED)

    def of(self, employee: Employee) -> Self:
        """Assigned to the employee."""
        return self.filter(assigned_employee=employee)

    def unassigned(self) -> Self:
        """Assigned to nobody: no employee and no team."""
        return self.filter(assigned_employee=None, assigned_team=None)


class Case(models.Model):
    """A customer's matter, from the first mail to its close."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="cases")
    number = models.BigIntegerField()
    subject = models.CharField(max_length=500, blank=True)
    description = models.TextField(blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.NEW)
    priority = models.CharField(max_length=10, choices=Priority.choices, default=Priority.NORMAL)
    type = models.CharField(max_length=60, blank=True)
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.EMAIL)
    tags = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    need_by = models.DateField(null=True, blank=True)
    assigned_employee = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="assigned_cases"
    )
    assigned_team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="assigned_cases"
    )
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="cases")
    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.SET_NULL, related_name="cases")
    email = models.CharField(max_length=320, blank=True, help_text="Address that the customer wrote from")
    support_addresses: models.ManyToManyField[SupportAddress, CaseAddress] = models.ManyToManyField(
        SupportAddress, through="CaseAddress", related_name="cases"
    )
    related_to = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="related")
    related_reason = models.TextField(blank=True)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="merged")
    preview = models.CharField(max_length=200, blank=True, help_text="Beginning of the latest message, for the list")
    has_attachment = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    modified_at = models.DateTimeField(default=timezone.now)
    modified_by = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, help_text="Grows with each change: a stale form is refused")

    objects: ClassVar[models.Manager[Case]] = CaseQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organisation", "number"], name="case_number_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["organisation", "assigned_employee", "-modified_at", "-id"],
                condition=models.Q(deleted_at=None) & ~models.Q(status="closed"),
                name="case_my_open",
            ),
            models.Index(
                fields=["organisation", "-modified_at", "-id"],
                condition=models.Q(deleted_at=None) & ~models.Q(status="closed"),
                name="case_all_open",
            ),
            models.Index(
                fields=["organisation", "-modified_at", "-id"],
                condition=models.Q(deleted_at=None, status="closed"),
                name="case_closed",
            ),
            models.Index(
                fields=["organisation", "-modified_at", "-id"],
                condition=models.Q(deleted_at=None, assigned_employee=None, assigned_team=None)
                & ~models.Q(status="closed"),
                name="case_unassigned",
            ),
            models.Index(fields=["organisation", "contact", "-modified_at"], name="case_of_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.subject}"

    @property
    def label(self) -> str:
        """The number as people see it."""
        return f"CW-{self.number}"

    @property
    def is_closed(self) -> bool:
        return self.status == Status.CLOSED


class CaseCounter(models.Model):
    """The next case number of an organisation. A row of its own, so that counting blocks nothing else."""

    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE, related_name="+", primary_key=True)
    next = models.BigIntegerField(default=1)

    def __str__(self) -> str:
        return str(self.next)


class CaseAddress(models.Model):
    """One of our addresses that a case came in through."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="came_through")
    support_address = models.ForeignKey(SupportAddress, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["case", "support_address"], name="case_address_once"),
        ]

    def __str__(self) -> str:
        return str(self.support_address)


class Participant(models.Model):
    """An address that takes part in a case. An unverified one is sent nothing until an employee says so."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="participants")
    key = models.CharField(max_length=320)
    email = models.CharField(max_length=320)
    name = models.CharField(max_length=200, blank=True)
    is_verified = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["case", "key"], name="participant_once"),
        ]

    def __str__(self) -> str:
        return self.email


class Direction(models.TextChoices):
    IN = "in", "Received"
    OUT = "out", "Sent"
    NOTE = "note", "Note"


class Message(models.Model):
    """One entry of a case's timeline: a mail in or out, or a note. Its bytes lie in RawEmail and never change."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="messages")
    direction = models.CharField(max_length=4, choices=Direction.choices)
    is_automatic = models.BooleanField(default=False, help_text="Written by a machine: acknowledgement, auto-reply")
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="messages")
    employee = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="messages")
    raw = models.ForeignKey(RawEmail, null=True, blank=True, on_delete=models.PROTECT, related_name="messages")
    from_name = models.CharField(max_length=320, blank=True)
    from_email = models.CharField(max_length=320, blank=True)
    to: models.JSONField[Any, Any] = models.JSONField(default=list, help_text="[[name, email], …]")
    cc: models.JSONField[Any, Any] = models.JSONField(default=list)
    reply_to: models.JSONField[Any, Any] = models.JSONField(default=list)
    subject = models.TextField(blank=True)
    message_identifier = models.CharField(max_length=512, blank=True)
    references = ArrayField(models.CharField(max_length=512), default=list, help_text="First to last, without itself")
    text = models.TextField(blank=True, help_text="The whole message as text")
    new_text = models.TextField(blank=True, help_text="What is new in it, for display")
    html = models.TextField(blank=True, help_text="As sent, UNTRUSTED: made safe whenever it is shown")
    kind = models.CharField(max_length=20, blank=True, help_text="The verdict's kind")
    kind_reason = models.TextField(blank=True)
    evidence = models.TextField(blank=True, help_text="Why it is in this case")
    is_unverified = models.BooleanField(default=False)
    defects = ArrayField(models.TextField(), default=list)
    sent_at = models.DateTimeField(null=True, blank=True, help_text="Date header, or when it left")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["case", "created_at", "id"]),
            models.Index(
                fields=["organisation", "message_identifier"],
                condition=~models.Q(message_identifier=""),
                name="message_by_message_id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.direction} {self.subject}"

    @property
    def author(self) -> str:
        """The name to show for whoever wrote it."""
        if self.employee is not None:
            return self.employee.name
        return self.from_name or self.from_email or "Caseway"


class Attachment(models.Model):
    """A file of a message: a part of its raw bytes (by index), or for a draft in the making bytes of its own."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments")
    part = models.PositiveIntegerField(help_text="Part.index in the message's raw bytes")
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=255, default="application/octet-stream")
    size = models.BigIntegerField()
    content_id = models.CharField(max_length=512, blank=True)
    is_inline = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["message", "part"], name="attachment_once"),
        ]

    def __str__(self) -> str:
        return self.name


class EventKind(models.TextChoices):
    """What can happen to a case. `data` holds the particulars named beside each."""

    CREATED = "created"  # by: 'email' | 'manual' | 'api'
    ASSIGNED = "assigned"  # employee, team: names, '' for nobody
    STATUS = "status"  # before, after
    PRIORITY = "priority"  # before, after
    TYPE = "type"  # before, after
    ACKNOWLEDGED = "acknowledged"  # to
    NOT_ACKNOWLEDGED = "not_acknowledged"  # reason
    REOPENED = "reopened"  # by: 'reply' | 'employee'
    AUTOMATIC_MAIL = "automatic_mail"  # kind, reason
    BOUNCED = "bounced"  # recipient, status, diagnostic
    DELETED = "deleted"
    RESTORED = "restored"
    RELATED = "related"  # number, reason
    JOINED = "joined"  # email: somebody new takes part, unverified
    VERIFIED = "verified"  # email


class Event(models.Model):
    """Something that happened to a case, in its history for good."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=20, choices=EventKind.choices)
    data: models.JSONField[Any, Any] = models.JSONField(default=dict)
    employee = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    message = models.ForeignKey(Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["case", "created_at", "id"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.created_at:%Y-%m-%d %H:%M}"
