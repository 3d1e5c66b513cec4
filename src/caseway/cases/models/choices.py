"""The words that cases, messages and events are described with. The values are stored and never change."""

from __future__ import annotations

from django.db import models


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


class Direction(models.TextChoices):
    IN = "in", "Received"
    OUT = "out", "Sent"
    NOTE = "note", "Note"


class EventKind(models.TextChoices):
    """What can happen to a case. `data` holds the particulars named beside each."""

    CREATED = "created"  # by: 'email' | 'manual' | 'api'
    ASSIGNED = "assigned"  # employee, team: names, '' for nobody
    STATUS = "status"  # before, after
    PRIORITY = "priority"  # before, after
    TYPE = "type"  # before, after
    TAGS = "tags"  # before, after
    NEED_BY = "need_by"  # before, after
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
