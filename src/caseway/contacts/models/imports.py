"""Files of contacts that are read in."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from caseway.accounts.models import Employee, Organisation
from caseway.contacts.models.contact import Contact


class ImportState(models.TextChoices):
    """How far an import is. A worker works on checking, importing and undoing; the others wait for a person."""

    UPLOADED = "uploaded", _("Uploaded")
    CHECKING = "checking", _("Checking")
    CHECKED = "checked", _("Checked")
    IMPORTING = "importing", _("Importing")
    DONE = "done", _("Done")
    UNDOING = "undoing", _("Undoing")
    UNDONE = "undone", _("Undone")
    FAILED = "failed", _("Failed")


WORKING = (ImportState.CHECKING, ImportState.IMPORTING, ImportState.UNDOING)


class ContactImport(models.Model):
    """One file, how its columns are read, and what came of it."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    created_by = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True, blank=True, help_text="A worker is at it, as of then")
    file_name = models.CharField(max_length=255)
    kind = models.CharField(max_length=10, help_text="csv or vcard")
    content = models.BinaryField(default=b"", help_text="The file; thrown away when the import is done")
    encoding = models.CharField(max_length=40, blank=True)
    delimiter = models.CharField(max_length=4, blank=True)
    has_header = models.BooleanField(default=True)
    columns: models.JSONField[Any, Any] = models.JSONField(default=list, help_text="Titles of the columns")
    mapping: models.JSONField[Any, Any] = models.JSONField(default=list, help_text="A field, or '', for each column")
    overwrites = models.BooleanField(default=False, help_text="The file's values win over what a contact has")
    state = models.CharField(max_length=10, choices=ImportState.choices, default=ImportState.UPLOADED)
    total = models.PositiveIntegerField(default=0, help_text="Rows of the file")
    position = models.PositiveIntegerField(default=0, help_text="Rows that the present state has done")
    made = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    same = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0, help_text="Contacts that undoing left, as they were used since")
    problems: models.JSONField[Any, Any] = models.JSONField(default=list, help_text="The first: line, cause, fix")
    error = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["id"], condition=models.Q(state__in=WORKING), name="contact_import_due"),
            models.Index(fields=["organisation", "-id"], name="contact_import_list"),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_working(self) -> bool:
        return self.state in WORKING

    @property
    def percent(self) -> int:
        return min(100, self.position * 100 // self.total) if self.total else 0


class ImportedContact(models.Model):
    """What an import did to one contact, so that it can be taken back."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    of = models.ForeignKey(ContactImport, on_delete=models.CASCADE, related_name="rows")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    is_made = models.BooleanField()
    data: models.JSONField[Any, Any] = models.JSONField(
        default=dict, help_text="before, after: values of fields; addresses: those that were added"
    )

    def __str__(self) -> str:
        return f"{self.contact_id} by {self.of_id}"
