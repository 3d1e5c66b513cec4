"""The words that cases, messages and events are described with. The values are stored and never change."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Status(models.TextChoices):
    NEW = "new", pgettext_lazy("status", "New")
    OPEN = "open", pgettext_lazy("status", "Open")
    WAITING = "waiting", pgettext_lazy("status", "Waiting")
    CLOSED = "closed", pgettext_lazy("status", "Closed")


class Priority(models.TextChoices):
    LOW = "low", pgettext_lazy("priority", "Low")
    NORMAL = "normal", pgettext_lazy("priority", "Normal")
    HIGH = "high", pgettext_lazy("priority", "High")
    URGENT = "urgent", pgettext_lazy("priority", "Urgent")


class Source(models.TextChoices):
    EMAIL = "email", _("Email")
    MANUAL = "manual", _("By hand")
    API = "api", _("API")


class Direction(models.TextChoices):
    IN = "in", pgettext_lazy("message", "Received")
    OUT = "out", pgettext_lazy("message", "Sent")
    NOTE = "note", pgettext_lazy("message", "Note")


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

    REPLY = "reply", pgettext_lazy("what is written", "Reply")
    FORWARD = "forward", pgettext_lazy("what is written", "Forward")
    NOTE = "note", pgettext_lazy("what is written", "Note")
    NEW = "new", pgettext_lazy("what is written", "New case")


class FieldKind(models.TextChoices):
    """What a field of the organisation's own holds, and so how it is asked for."""

    TEXT = "text", _("Text")
    NUMBER = "number", _("Number")
    DATE = "date", _("Date")
    CHOICE = "choice", _("One of several")
    CHECKBOX = "checkbox", _("Yes or no")


class NotificationKind(models.TextChoices):
    """What an employee is told of."""

    ASSIGNED = "assigned", _("A case was assigned to me")
    REPLIED = "replied", _("A customer answered a case of mine")
    MENTIONED = "mentioned", _("A colleague mentioned me")
    FOLLOWED = "followed", _("Something happened in a case that I follow")
    FAILED = "failed", _("A mail of mine was not delivered")
    WOKEN = "woken", _("A snoozed case came back")
