"""What was said in a case."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.expressions import RawSQL
from django.utils import timezone

from caseway.accounts.models import Employee, Organisation
from caseway.accounts.together import reserve
from caseway.cases.models.case import Case
from caseway.cases.models.choices import Direction
from caseway.contacts.models import Contact
from caseway.mail.model import Part
from caseway.mailboxes.models import RawEmail


class MessageQuerySet(models.QuerySet["Message"]):
    def naming(self, identifiers: Iterable[str]) -> Self:
        """Those of the scope's organisation whose References hold one of the identifiers.

        By a function of the database: behind the wall PostgreSQL uses no index for `&&`, which is not leakproof.
        """
        return self.filter(pk__in=RawSQL("SELECT caseway_naming(%s::text[])", [list(identifiers)]))


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
    unknown_address = models.CharField(
        max_length=320, blank=True, help_text="An address of our domain that no row names, and that it came to"
    )
    defects = ArrayField(models.TextField(), default=list)
    moved_from = models.ForeignKey(
        Case, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", help_text="The case that it came to"
    )
    sent_at = models.DateTimeField(null=True, blank=True, help_text="Date header, or when it left")
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager[Message]] = MessageQuerySet.as_manager()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["case", "created_at", "id"]),
            GinIndex(fields=["references"], name="message_names"),
            models.Index(
                fields=["organisation", "message_identifier"],
                condition=~models.Q(message_identifier=""),
                name="message_by_message_id",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.direction} {self.subject}"

    @classmethod
    def reserve_id(cls) -> int:
        """The id of a message to come: its Message-ID names it, and so is made before the row."""
        return reserve(cls)

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

    @classmethod
    def of(cls, message: Message, part: Part) -> Self:
        """The row, not yet saved, for a file of the message."""
        return cls(
            organisation_id=message.organisation_id,
            message=message,
            part=part.index,
            name=part.name[:255],
            content_type=part.content_type[:255],
            size=part.size,
            content_id=part.content_id[:512],
            is_inline=part.is_inline,
        )
