"""What somebody is writing and has not sent."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from caseway.accounts.models import Employee, Organisation
from caseway.cases.models.case import Case
from caseway.cases.models.choices import DraftKind
from caseway.cases.models.message import Message
from caseway.mailboxes.models import SupportAddress


class WrittenDraft(models.Model):
    """A draft of one employee: kept with every pause in typing, seen by colleagues, gone when sent or thrown away."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="drafts")
    case = models.ForeignKey(
        Case, null=True, blank=True, on_delete=models.CASCADE, related_name="drafts", help_text="None: a new case"
    )
    kind = models.CharField(max_length=10, choices=DraftKind.choices, default=DraftKind.REPLY)
    answered = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        help_text="The message that is answered or forwarded; none: the latest",
    )  # fmt: skip
    from_address = models.ForeignKey(SupportAddress, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    to = models.TextField(blank=True, help_text="As typed")
    cc = models.TextField(blank=True)
    bcc = models.TextField(blank=True)
    subject = models.CharField(max_length=500, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True, help_text="As the editor has it, UNTRUSTED until it was cleaned for sending")
    created_at = models.DateTimeField(default=timezone.now)
    modified_at = models.DateTimeField(default=timezone.now)
    version = models.PositiveIntegerField(default=1, help_text="Grows with each keeping: an older tab is refused")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["case", "employee", "kind"], condition=models.Q(case__isnull=False), name="draft_once"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["employee", "-modified_at"], name="draft_list")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.employee_id}"


class DraftFile(models.Model):
    """A file put into a draft: dropped, pasted or chosen."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    draft = models.ForeignKey(WrittenDraft, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=255, default="application/octet-stream")
    size = models.BigIntegerField()
    content_id = models.CharField(max_length=200, blank=True, help_text="Set for an image inside the text")
    content = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name
