"""What each employee has to do with a case: follows it, has seen it, was mentioned in it, has it open."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from caseway.accounts.models import Employee, Organisation
from caseway.cases.models.case import Case
from caseway.cases.models.choices import NotificationKind
from caseway.cases.models.message import Message


class Follower(models.Model):
    """An employee who wants to know what happens in a case. It is in the employee's My Cases."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="followers")
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="followed")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["case", "employee"], name="follower_once"),
        ]

    def __str__(self) -> str:
        return f"{self.employee_id} follows {self.case_id}"


class Seen(models.Model):
    """Up to when an employee has seen a case: mail that came later is unread for this employee."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="seen")
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="seen")
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["employee", "case"], name="seen_once"),
        ]

    def __str__(self) -> str:
        return f"{self.employee_id} saw {self.case_id}"


class Mention(models.Model):
    """A colleague's '@name' in a note."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="mentions")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="mentions")
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="mentions")
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True, help_text="When the employee opened the case after it")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["message", "employee"], name="mention_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["employee", "-created_at"], name="mention_list")]

    def __str__(self) -> str:
        return f"{self.employee_id} in {self.message_id}"


class Viewing(models.Model):
    """An employee's open page of a case, as of its last heartbeat: 'Dana is replying'."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="viewings")
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="+")
    tab = models.CharField(max_length=40, help_text="Made by the page: one person may have several open")
    seen_at = models.DateTimeField(default=timezone.now)
    typed_at = models.DateTimeField(null=True, blank=True, help_text="The last keystroke in an answer")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["case", "employee", "tab"], name="viewing_once"),
        ]

    def __str__(self) -> str:
        return f"{self.employee_id} at {self.case_id}"


class Notification(models.Model):
    """Something that an employee is told of, in the workspace and as the employee's profile says otherwise."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=20, choices=NotificationKind.choices)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="notifications")
    message = models.ForeignKey(Message, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    actor = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    data: models.JSONField[Any, Any] = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    is_listed = models.BooleanField(default=True, help_text="Shown in the workspace; else told by other ways only")
    to_mail = models.BooleanField(default=False, help_text="Told by email too, unless it is read before that")
    read_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["employee", "-id"], name="notification_list"),
            models.Index(fields=["employee"], condition=models.Q(read_at=None), name="notification_unread"),
            models.Index(
                fields=["created_at"],
                condition=models.Q(to_mail=True, read_at=None, mailed_at=None),
                name="notification_to_mail",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.employee_id}"
