"""A case made by hand."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from caseway.accounts.models import Employee, Team
from caseway.cases.models import Priority
from caseway.contacts.models import Contact


class NewCaseForm(forms.Form):
    """Only people and teams of the employee's own organisation may be chosen."""

    subject = forms.CharField(label=_("Subject"), max_length=500)
    email = forms.EmailField(label=_("Email of the customer"), required=False, max_length=320)
    description = forms.CharField(
        label=_("Description"), required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": 6})
    )
    assigned_to = forms.ChoiceField(label=_("Assigned To"), required=False)
    priority = forms.ChoiceField(label=_("Priority"), choices=Priority.choices, initial=Priority.NORMAL)
    type = forms.CharField(label=_("Type"), required=False, max_length=60)
    tags = forms.CharField(label=_("Tags"), required=False, max_length=1000)
    need_by = forms.DateField(label=_("Need by"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, employee: Employee, contact: Contact | None = None, **kwargs: Any) -> None:
        self.contact = contact
        super().__init__(*args, **kwargs)
        own = {"organisation_id": employee.organisation_id}
        self._people = {f"employee:{one.pk}": one for one in Employee.objects.active().filter(**own).order_by("name")}
        self._teams = {f"team:{one.pk}": one for one in Team.objects.filter(**own).order_by("name")}
        field = self.fields["assigned_to"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            ("", _("Unassigned")),
            *((key, one.name) for key, one in self._people.items()),
            *((key, one.name) for key, one in self._teams.items()),
        ]
        self.fields["assigned_to"].initial = f"employee:{employee.pk}"
        if contact is not None:
            self.fields["email"].initial = contact.email

    def values(self) -> dict[str, Any]:
        """Arguments for `open_by_hand`."""
        data = self.cleaned_data
        key = data.get("assigned_to", "")
        same = self.contact is not None and self.contact.email.lower() == data["email"].lower()
        return {
            "subject": data["subject"],
            "email": data["email"],
            "description": data["description"],
            "contact": self.contact if same else None,
            "assigned_employee": self._people.get(key),
            "assigned_team": self._teams.get(key),
            "priority": data["priority"],
            "type": data["type"],
            "tags": data["tags"].split(","),
            "need_by": data["need_by"],
        }
