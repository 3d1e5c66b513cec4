"""Forms about the person who signs in."""

from __future__ import annotations

import zoneinfo
from functools import lru_cache
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


PLACES = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)
THEMES = [("", _("As the system")), ("light", _("Light")), ("dark", _("Dark"))]


class ProfileForm(_ModelForm):
    """What an employee sets for themselves. A time zone may be typed by its city alone."""

    language = forms.ChoiceField(label=_("Language"), required=False)
    time_zone = forms.CharField(
        label=_("Time zone"),
        required=False,
        max_length=60,
        widget=forms.TextInput({"list": "zones", "autocomplete": "off", "spellcheck": "false"}),
    )
    theme = forms.ChoiceField(label=_("Theme"), required=False, choices=THEMES, widget=forms.RadioSelect)

    class Meta:
        model = Employee
        fields: ClassVar[list[str]] = ["name", "language", "time_zone", "theme", "has_shortcuts"]
        labels: ClassVar[dict[str, Any]] = {"name": _("Name"), "has_shortcuts": _("Single-key shortcuts")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        organisation = self.instance.organisation
        language = self.fields["language"]
        assert isinstance(language, forms.ChoiceField)
        present = dict(settings.LANGUAGES).get(organisation.language, organisation.language)
        language.choices = [("", _("As the organisation (%(name)s)") % {"name": present}), *settings.LANGUAGES]
        self.fields["time_zone"].widget.attrs["placeholder"] = organisation.time_zone

    def clean_time_zone(self) -> str:
        return read_time_zone(self.cleaned_data["time_zone"])


def read_time_zone(typed: str) -> str:
    """The zone's full name; 'berlin' and 'new york' are enough, '' stays. Raises ValidationError."""
    typed = typed.strip()
    if not typed:
        return ""
    wanted = typed.replace(" ", "_").casefold()
    names = sorted(zoneinfo.available_timezones())
    exact = [name for name in names if name.casefold() == wanted]
    by_city = [name for name in zone_names() if name.casefold().rpartition("/")[2] == wanted]
    if not exact and len(by_city) != 1:
        raise forms.ValidationError(
            _("“%(typed)s” is no time zone that is known here. Choose one of the list.") % {"typed": typed}
        )
    return (exact or by_city)[0]


@lru_cache(maxsize=1)
def zone_names() -> tuple[str, ...]:
    """Time zones by their cities; old and technical names are understood, but not offered."""
    return (*sorted(name for name in zoneinfo.available_timezones() if name.partition("/")[0] in PLACES), "UTC")
