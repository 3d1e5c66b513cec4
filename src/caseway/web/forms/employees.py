"""Inviting an employee."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from caseway.accounts.models import Employee, Role
from caseway.accounts.scope import every_organisation


class InvitationForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200)
    email = forms.EmailField(label=_("Email"), max_length=254)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.AGENT)

    def clean_email(self) -> str:
        """An address signs in to one organisation only."""
        email: Any = self.cleaned_data["email"]
        with every_organisation():
            is_taken = Employee.objects.filter(email__iexact=email).exists()
        if is_taken:
            raise forms.ValidationError(_("This address signs in already. Use another, or reactivate the employee."))
        return str(email)


class TokenForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=100)
