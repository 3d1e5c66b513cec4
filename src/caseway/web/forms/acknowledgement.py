"""The acknowledgement's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from caseway.mailboxes.models import SupportAddress
from caseway.outbound.acknowledge import STANDARD_BODY, STANDARD_SUBJECT, check_template

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[SupportAddress]
else:
    _ModelForm = forms.ModelForm


class AcknowledgementForm(_ModelForm):
    """Text equal to the standard one is kept as empty, so that a better standard reaches it too."""

    subject = forms.CharField(label=_("Subject"), max_length=300)
    body = forms.CharField(label=_("Text"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 12}))

    class Meta:
        model = SupportAddress
        fields: ClassVar[list[str]] = ["acknowledges"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["subject"].initial = self.instance.acknowledgement_subject or STANDARD_SUBJECT
        self.fields["body"].initial = self.instance.acknowledgement_body or STANDARD_BODY

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if "subject" in values and "body" in values:
            problem = check_template(values["subject"], _lines(values["body"]))
            if problem:
                self.add_error("body", problem)
        return values

    def keep(self) -> SupportAddress:
        row: SupportAddress = self.save(commit=False)
        subject, body = self.cleaned_data["subject"], _lines(self.cleaned_data["body"])
        row.acknowledgement_subject = "" if subject == STANDARD_SUBJECT else subject
        row.acknowledgement_body = "" if body.strip() == STANDARD_BODY.strip() else body
        row.save(update_fields=["acknowledges", "acknowledgement_subject", "acknowledgement_body"])
        return row


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")
