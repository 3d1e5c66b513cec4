"""The brake on guessing: how often something was tried within the last minutes. Belongs to no organisation."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import F
from django.utils import timezone

WINDOW = timedelta(minutes=15)


class Attempt(models.Model):
    """A count of tries of one kind by one origin. Keys are hashes: the table names nobody."""

    key = models.CharField(max_length=64, primary_key=True)
    since = models.DateTimeField(default=timezone.now)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["since"])]

    def __str__(self) -> str:
        return f"{self.key[:8]}: {self.count}"

    @classmethod
    def too_many(cls, kind: str, origin: str, most: int) -> bool:
        """Count one more try; True when `origin` has made more than `most` within the window."""
        key = hashlib.sha256(f"{kind}\0{origin.lower()}".encode()).hexdigest()
        now = timezone.now()
        cls.objects.filter(since__lt=now - WINDOW).delete()
        row, _ = cls.objects.get_or_create(key=key, defaults={"since": now})
        cls.objects.filter(key=key).update(count=F("count") + 1)
        return row.count + 1 > most

    @classmethod
    def forget(cls, kind: str, origin: str) -> None:
        """Start again at nought: the right password was given."""
        cls.objects.filter(key=hashlib.sha256(f"{kind}\0{origin.lower()}".encode()).hexdigest()).delete()
