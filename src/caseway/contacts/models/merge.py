"""Two that became one, and how to take that back."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from caseway.accounts.models import Employee, Organisation
from caseway.contacts.errors import ContactError
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

    @classmethod
    def still_there(cls, pk: int) -> Self:
        """The merge, locked, to be taken back now. Raises ContactError when that was done, or it went on since."""
        merge = cls.objects.select_for_update().get(pk=pk)
        kept, gone = merge.contact or merge.customer, merge.gone_contact or merge.gone_customer
        if kept is None or gone is None or merge.undone_at is not None:
            raise ContactError(_("This merge was undone already."))
        if gone.merged_into_id != kept.pk:
            raise ContactError(_("%(name)s was merged again since. Undo that first.") % {"name": kept.name})
        return merge
