"""What the API itself has to remember."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from caseway.accounts.models import Organisation


class RepeatKey(models.Model):
    """An Idempotency-Key that was used, and what its request made."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=64, help_text="SHA-256 of the employee and the key, so keys of two never meet")
    request = models.CharField(max_length=64, help_text="SHA-256 of method, path and body")
    made = models.BigIntegerField(null=True, blank=True, help_text="Number or id of what was made")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organisation", "key"], name="repeat_key_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["created_at"], name="repeat_key_age")]

    def __str__(self) -> str:
        return self.key
