"""What holds for a whole company."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from caseway.accounts.models import Organisation
from caseway.web.forms.account import read_time_zone

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Organisation]
else:
    _ModelForm = forms.ModelForm

MOST_DAYS = 3650


class CompanyForm(_ModelForm):
    """Name, language and time zone, and what one mail to two addresses makes."""

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.CharField(
        label=_("Time zone"),
        max_length=60,
        widget=forms.TextInput({"list": "zones", "autocomplete": "off", "spellcheck": "false"}),
    )

    class Meta:
        model = Organisation
        fields: ClassVar[list[str]] = ["name", "language", "time_zone", "one_case_per_message"]
        labels: ClassVar[dict[str, Any]] = {"name": _("Name")}

    def clean_name(self) -> str:
        """In one line: it stands in the From of mails."""
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean_time_zone(self) -> str:
        return read_time_zone(self.cleaned_data["time_zone"])


class StatusesForm(_ModelForm):
    """When a closed case opens again."""

    reopen_days = forms.IntegerField(
        label=_("Days in which a reply opens a closed case again"),
        min_value=0,
        max_value=MOST_DAYS,
        widget=forms.NumberInput({"class": "num", "inputmode": "numeric"}),
    )

    class Meta:
        model = Organisation
        fields: ClassVar[list[str]] = ["reopen_days"]
