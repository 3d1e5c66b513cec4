"""What an organisation sets up for its cases: types, tags, fields of its own, and saved views."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from caseway.accounts.models import Employee, Organisation
from caseway.cases.models.choices import FieldKind


class CaseType(models.Model):
    """A type to choose from: 'Question', 'Refund'. `Case.type` holds the name."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    position = models.IntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("organisation", Lower("name"), name="case_type_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    """A tag that is offered. `Case.tags` holds names; one that was typed for the first time becomes a row here."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    hue = models.PositiveSmallIntegerField(null=True, blank=True, help_text="0 to 11, or none")
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("organisation", Lower("name"), name="tag_once"),
        ]

    def __str__(self) -> str:
        return self.name


class CustomField(models.Model):
    """A field of the organisation's own on every case. `Case.custom` holds its values by `key`."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    key = models.SlugField(max_length=60, help_text="Never changes, in the API and in exports")
    label = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=FieldKind.choices, default=FieldKind.TEXT)
    choices = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    help = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    position = models.IntegerField(default=0)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organisation", "key"], name="custom_field_once"),
        ]

    def __str__(self) -> str:
        return self.label


class SavedView(models.Model):
    """A list that somebody made from filters: the employee's own, or shared with all."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=100)
    is_shared = models.BooleanField(default=False)
    filters: models.JSONField[Any, Any] = models.JSONField(default=dict, help_text="As cases.lists reads them")
    sort = models.CharField(max_length=30, blank=True)
    grouping = models.CharField(max_length=30, blank=True)
    position = models.IntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["organisation", "position", "id"], name="saved_view_list"),
        ]

    def __str__(self) -> str:
        return self.name


class CaseLink(models.Model):
    """Two cases that belong together. Kept once, with the older case first."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="links")
    other = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="linked_from")
    created_by = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["case", "other"], name="case_link_once"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} with {self.other_id}"
