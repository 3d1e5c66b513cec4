"""Two that became one, and how to take that back."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from caseway.accounts.models import Employee, Organisation
from caseway.contacts.models.contact import Contact
from caseway.contacts.models.customer import Customer


class Merge(models.Model):
    """One contact (or company) that went into another. `data` holds what moved and what was there before."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.CASCADE, related_name="merges")
    gone_contact = models.ForeignKey(Contact, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.CASCADE, related_name="merges")
    gone_customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    data: models.JSONField[Any, Any] = models.JSONField(default=dict)
    created_by = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(contact__isnull=False, gone_contact__isnull=False)
                | models.Q(customer__isnull=False, gone_customer__isnull=False),
                name="merge_of_two",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gone_contact or self.gone_customer} into {self.contact or self.customer}"
