"""Forms about the person who signs in."""

from __future__ import annotations

import zoneinfo
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from caseway.accounts.models import Employee

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Employee]
else:
    _ModelForm = forms.ModelForm


class SignInForm(forms.Form):
    email = forms.CharField(label=_("Email"), max_length=254)
    password = forms.CharField(label=_("Password"), max_length=4096, strip=False, widget=forms.PasswordInput)


class ForgottenPasswordForm(forms.Form):
    email = forms.EmailField(label=_("Email"), max_length=254)


class NewPasswordForm(forms.Form):
    """A new password, typed twice, that passes the installation's rules."""

    password = forms.CharField(label=_("New password"), max_length=4096, strip=False, widget=forms.PasswordInput)
    again = forms.CharField(label=_("New password again"), max_length=4096, strip=False, widget=forms.PasswordInput)

    def __init__(self, *args: Any, employee: Employee, **kwargs: Any) -> None:
        self.employee = employee
        super().__init__(*args, **kwargs)

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self.employee)
        return password

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if "password" in values and values["password"] != values.get("again"):
            self.add_error("again", _("The two passwords differ. Type the same one twice."))
        return values


class ChangePasswordForm(NewPasswordForm):
    """The same for somebody signed in, who gives the present one first."""

    present = forms.CharField(label=_("Present password"), strip=False, widget=forms.PasswordInput)
    field_order = ("present", "password", "again")

    def clean_present(self) -> str:
        present: str = self.cleaned_data["present"]
        if not self.employee.check_password(present):
            raise forms.ValidationError(_("This is not your present password."))
        return present


class ProfileForm(_ModelForm):
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)
    language = forms.ChoiceField(label=_("Language"), required=False)

    class Meta:
        model = Employee
        fields: ClassVar[list[str]] = ["name", "language", "time_zone"]
        labels: ClassVar[dict[str, Any]] = {"name": _("Name")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(zoneinfo.available_timezones())
        organisation = self.instance.organisation
        choices: dict[str, list[tuple[str, Any]]] = {
            "time_zone": [("", organisation.time_zone), *((zone, zone) for zone in zones)],
            "language": [("", _("As the organisation")), *settings.LANGUAGES],
        }
        for name, values in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = values
