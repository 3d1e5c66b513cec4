"""Cases."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from caseway.accounts.models import Employee, Organisation, Team
from caseway.cases.models.choices import Priority, Source, Status
from caseway.cases.models.ranks import CAME, DUE, PRIORITY_RANK
from caseway.cases.models.verbs import CaseVerbs
from caseway.contacts.models import Contact, Customer
from caseway.mailboxes.models import SupportAddress

_OPEN = models.Q(deleted_at=None) & ~models.Q(status="closed")


class CaseQuerySet(models.QuerySet["Case"]):
    def visible_to(self, employee: Employee) -> Self:
        """The only door to a case: those of the employee's organisation that were not deleted."""
        return self.filter(organisation_id=employee.organisation_id, deleted_at=None)

    def deleted_for(self, employee: Employee) -> Self:
        """The employee's trash."""
        return self.filter(organisation_id=employee.organisation_id, deleted_at__isnull=False)

    def unclosed(self) -> Self:
        return self.exclude(status=Status.CLOSED)

    def of(self, employee: Employee) -> Self:
        """Assigned to the employee."""
        return self.filter(assigned_employee=employee)

    def unassigned(self) -> Self:
        """Assigned to nobody: no employee and no team."""
        return self.filter(assigned_employee=None, assigned_team=None)


class Case(CaseVerbs, models.Model):
    """A customer's matter, from the first mail to its close."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="cases")
    number = models.BigIntegerField()
    subject = models.CharField(max_length=500, blank=True)
    description = models.TextField(blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.NEW)
    priority = models.CharField(max_length=10, choices=Priority.choices, default=Priority.NORMAL)
    type = models.CharField(max_length=60, blank=True)
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.EMAIL)
    tags = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    need_by = models.DateField(null=True, blank=True)
    assigned_employee = models.ForeignKey(
        Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="assigned_cases"
    )
    assigned_team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="assigned_cases"
    )
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="cases")
    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.SET_NULL, related_name="cases")
    email = models.CharField(max_length=320, blank=True, help_text="Address that the customer wrote from")
    support_addresses: models.ManyToManyField[SupportAddress, CaseAddress] = models.ManyToManyField(
        SupportAddress, through="CaseAddress", related_name="cases"
    )
    related_to = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="related")
    related_reason = models.TextField(blank=True)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="merged")
    is_snoozed = models.BooleanField(default=False, help_text="Out of the lists of open cases for now")
    snoozed_until = models.DateTimeField(null=True, blank=True, help_text="Empty while snoozed: until a reply")
    snoozed_by = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    received_at = models.DateTimeField(null=True, blank=True, help_text="When the latest mail from outside came")
    custom: models.JSONField[Any, Any] = models.JSONField(
        default=dict, blank=True, help_text="Values of the organisation's own fields by CustomField.key"
    )
    preview = models.CharField(max_length=200, blank=True, help_text="Beginning of the latest message, for the list")
    has_attachment = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    modified_at = models.DateTimeField(default=timezone.now)
    modified_by = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, help_text="Grows with each change: a stale form is refused")

    objects: ClassVar[models.Manager[Case]] = CaseQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organisation", "number"], name="case_number_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["organisation", "assigned_employee", "-modified_at", "-id"],
                condition=models.Q(deleted_at=None) & ~models.Q(status="closed"),
                include=["is_snoozed"],
                name="case_my_open",
            ),
            models.Index(
                fields=["organisation", "-modified_at", "-id"],
                condition=models.Q(deleted_at=None) & ~models.Q(status="closed"),
                include=["is_snoozed"],
                name="case_all_open",
            ),
            models.Index(
                fields=["organisation", "-modified_at", "-id"],
                condition=models.Q(deleted_at=None, status="closed"),
                name="case_closed",
            ),
            models.Index(
                fields=["organisation", "assigned_team", "-modified_at", "-id"],
                condition=models.Q(deleted_at=None, status="closed", assigned_team__isnull=False),
                name="case_closed_team",
            ),
            models.Index(
                fields=["organisation", "-modified_at", "-id"],
                condition=models.Q(deleted_at=None, assigned_employee=None, assigned_team=None)
                & ~models.Q(status="closed"),
                include=["is_snoozed"],
                name="case_unassigned",
            ),
            models.Index(fields=["organisation", "contact", "-modified_at"], name="case_of_contact"),
            models.Index(
                fields=["snoozed_until"], condition=models.Q(is_snoozed=True, deleted_at=None), name="case_to_wake"
            ),
            models.Index(
                fields=["organisation", "-modified_at", "-id"],
                condition=models.Q(deleted_at=None, status="waiting"),
                include=["is_snoozed"],
                name="case_waiting",
            ),
            models.Index(
                fields=["organisation", "-modified_at", "-id"],
                condition=models.Q(deleted_at=None, is_snoozed=True),
                name="case_snoozed",
            ),
            models.Index(
                fields=["organisation", "-modified_at", "-id"],
                condition=models.Q(deleted_at__isnull=False),
                name="case_trash",
            ),
            models.Index(fields=["organisation", "-created_at", "-id"], condition=_OPEN, name="case_newest"),
            models.Index(
                fields=["organisation", "-created_at", "-id"],
                condition=models.Q(deleted_at=None, status="closed"),
                include=["modified_at", "merged_into"],
                name="case_closed_newest",
            ),
            models.Index("organisation", CAME, "id", condition=_OPEN, name="case_waiting_longest"),
            models.Index("organisation", DUE, "id", condition=_OPEN, name="case_due"),
            models.Index(
                "organisation",
                PRIORITY_RANK.desc(),
                models.F("modified_at").desc(),
                models.F("id").desc(),
                condition=_OPEN,
                name="case_priority",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.subject}"

    @property
    def label(self) -> str:
        """The number as people see it."""
        return f"CW-{self.number}"

    @property
    def is_closed(self) -> bool:
        return self.status == Status.CLOSED


class CaseCounter(models.Model):
    """The next case number of an organisation. A row of its own, so that counting blocks nothing else."""

    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE, related_name="+", primary_key=True)
    next = models.BigIntegerField(default=1)

    def __str__(self) -> str:
        return str(self.next)


class CaseAddress(models.Model):
    """One of our addresses that a case came in through."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="came_through")
    support_address = models.ForeignKey(SupportAddress, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["case", "support_address"], name="case_address_once"),
        ]

    def __str__(self) -> str:
        return str(self.support_address)
