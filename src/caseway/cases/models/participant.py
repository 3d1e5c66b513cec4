"""Who takes part in a case from outside."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from caseway.accounts.models import Organisation
from caseway.cases.models.case import Case


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
