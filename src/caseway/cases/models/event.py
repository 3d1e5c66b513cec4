"""What was done to a case."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from caseway.accounts.models import Employee, Organisation
from caseway.cases.models.case import Case
from caseway.cases.models.choices import EventKind
from caseway.cases.models.message import Message


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
