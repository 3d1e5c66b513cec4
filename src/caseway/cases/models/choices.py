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
    SNOOZED = "snoozed"  # until: ISO time, '' for until a reply
    WOKEN = "woken"  # by: 'time' | 'reply' | 'employee'
    MERGED = "merged"  # number: the case that came in; into: the case that it went into (one of the two)
    UNMERGED = "unmerged"  # number
    SPLIT = "split"  # number: the new case; from: the case that it came out of (one of the two)
    MOVED = "moved"  # to, from: numbers (one of the two)
    LINKED = "linked"  # number
    UNLINKED = "unlinked"  # number
    FOLLOWED = "followed"  # employee: name
    UNFOLLOWED = "unfollowed"  # employee: name
    CONTACT = "contact"  # before, after: names
    FIELD = "field"  # field: its label, before, after


class DraftKind(models.TextChoices):
    """What is being written."""

    REPLY = "reply", "Reply"
    REPLY_ALL = "reply_all", "Reply all"
    FORWARD = "forward", "Forward"
    NOTE = "note", "Note"
    NEW = "new", "New case"


class FieldKind(models.TextChoices):
    """What a field of the organisation's own holds, and so how it is asked for."""

    TEXT = "text", "Text"
    NUMBER = "number", "Number"
    DATE = "date", "Date"
    CHOICE = "choice", "One of several"
    CHECKBOX = "checkbox", "Yes or no"


class NotificationKind(models.TextChoices):
    """What an employee is told of."""

    ASSIGNED = "assigned", "A case was assigned to me"
    REPLIED = "replied", "A customer answered a case of mine"
    MENTIONED = "mentioned", "A colleague mentioned me"
    FOLLOWED = "followed", "Something happened in a case that I follow"
    FAILED = "failed", "A mail of mine was not delivered"
    WOKEN = "woken", "A snoozed case came back"
