"""A contact, typed by an employee."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from caseway.accounts.models import Employee
from caseway.contacts.models import Contact, ContactAddress, Customer
from caseway.mail.address import address_key

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Contact]
else:
    _ModelForm = forms.ModelForm


class ContactForm(_ModelForm):
    """Name, addresses (one a line), company and notes."""

    emails = forms.CharField(
        label=_("Email addresses"), required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 2})
    )
    company = forms.CharField(label=_("Company"), required=False, max_length=200)

    class Meta:
        model = Contact
        fields: ClassVar[list[str]] = ["name", "job_title", "phone", "notes"]
        labels: ClassVar[dict[str, Any]] = {
            "name": _("Name"),
            "job_title": _("Job title"),
            "phone": _("Phone"),
            "notes": _("Notes"),
        }
        widgets: ClassVar[dict[str, Any]] = {"notes": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, employee: Employee, **kwargs: Any) -> None:
        self.employee = employee
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["emails"].initial = "\n".join(row.email for row in self.instance.sorted_addresses)
            self.fields["company"].initial = self.instance.customer.name if self.instance.customer else ""

    def clean_emails(self) -> list[str]:
        """The addresses, each once; one that reaches another contact is refused."""
        emails = {address_key(line): line.strip() for line in self.cleaned_data["emails"].splitlines() if line.strip()}
        for key, email in emails.items():
            forms.EmailField(max_length=320).clean(email)
            owner = Contact.objects.with_address(self.employee.organisation_id, key)
            if owner is not None and owner.pk != self.instance.pk:
                raise forms.ValidationError(
                    _("%(email)s belongs to %(name)s already."), params={"email": email, "name": owner.name}
                )
        return list(emails.values())

    @transaction.atomic
    def keep(self) -> Contact:
        """Save the contact and its addresses.

        Raises IntegrityError when somebody else took one of the addresses in the same moment.
        """
        contact: Contact = self.save(commit=False)
        contact.organisation_id = self.employee.organisation_id
        contact.customer_id = self._customer_id()
        contact.modified_at = timezone.now()
        if not self.instance.pk:
            contact.created_by, contact.source = self.employee, "manual"
        if "notes" in self.changed_data:
            contact.notes_by, contact.notes_at = self.employee, timezone.now()
        contact.save()
        kept = {address_key(email): email for email in self.cleaned_data["emails"]}
        contact.addresses.exclude(key__in=kept).delete()
        known = {row.key: row for row in contact.addresses.all()}
        for place, (key, email) in enumerate(kept.items()):
            row = known.get(key) or ContactAddress(
                organisation_id=contact.organisation_id, contact=contact, email=email, key=key
            )
            row.position = place
            row.save()
        contact.tell_changed()
        return contact

    def try_to_keep(self) -> Contact | None:
        """`keep`, or None with the form's error set."""
        try:
            return self.keep()
        except IntegrityError:
            self.add_error("emails", _("Somebody else has just added one of these addresses. Look again and save."))
            return None

    def _customer_id(self) -> int | None:
        """The company that was typed; for somebody new without one, that of the first address's domain."""
        organisation = self.employee.organisation_id
        if company := Customer.objects.named(organisation, self.cleaned_data["company"]):
            return company.pk
        emails = self.cleaned_data["emails"]
        return Customer.objects.of_address(organisation, emails[0]) if emails and not self.instance.pk else None
