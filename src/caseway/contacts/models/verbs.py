"""What can be done to a contact."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Min
from django.utils import timezone
from django.utils.translation import gettext as _

from caseway.accounts.bell import tell
from caseway.contacts.errors import AddressTakenError, ContactError
from caseway.mail.address import address_key

if TYPE_CHECKING:
    from caseway.accounts.models import Employee
    from caseway.contacts.models import Contact, ContactAddress

MOST_ADDRESSES = 100


class ContactVerbs:
    """The verbs of `Contact`. `by` is the employee, or None for Caseway itself."""

    def add_address(self, email: str, *, by: Employee | None) -> ContactAddress:
        """One more address, the last in the row.

        Raises AddressTakenError when mail from it reaches another contact, ContactError when it is none.
        """
        from caseway.contacts.models import Contact, ContactAddress

        contact = cast("Contact", self)
        email = email.strip()
        try:
            validate_email(email)
        except ValidationError as error:
            raise ContactError(
                _("“%(email)s” is no email address. It looks like name@example.com.") % {"email": email[:100]}
            ) from error
        with transaction.atomic():
            if contact.addresses.count() >= MOST_ADDRESSES:
                raise ContactError(_("A contact has at most 100 addresses. Remove one first."))
            if not ContactAddress.take(contact, email):
                owner = Contact.objects.with_address(contact.organisation_id, email)
                if owner is None or owner.pk != contact.pk:
                    raise AddressTakenError(email, owner)
            row: ContactAddress = contact.addresses.get(key=address_key(email), receives_mail=True)
            self._touched(by)
        return row

    def remove_address(self, address: ContactAddress, *, by: Employee | None) -> None:
        """Mail from it makes a contact of its own from now on."""
        with transaction.atomic():
            address.delete()
            self._touched(by)

    def put_first(self, address: ContactAddress, *, by: Employee | None) -> None:
        """The address that we write to."""
        contact = cast("Contact", self)
        with transaction.atomic():
            least = contact.addresses.exclude(pk=address.pk).aggregate(least=Min("position"))["least"]
            address.position = (least or 0) - 1
            address.save(update_fields=["position"])
            self._touched(by)

    def try_again(self, address: ContactAddress, *, by: Employee | None) -> None:
        """Take the mark of a bounce from an address: mail to it is no longer warned of."""
        with transaction.atomic():
            address.bounced_at, address.bounce_reason = None, ""
            address.save(update_fields=["bounced_at", "bounce_reason"])
            self._touched(by)

    def block(self, *, by: Employee | None) -> None:
        """Mail from the contact is kept in the mail log as ignored from now on: no case, no answer."""
        self._set_blocked(True, by)

    def unblock(self, *, by: Employee | None) -> None:
        """Take the contact's mail again. What was ignored meanwhile stays in the mail log, to be processed again."""
        self._set_blocked(False, by)

    def write_notes(self, text: str, *, by: Employee | None) -> None:
        """What colleagues should know about the contact, with who wrote it last."""
        contact = cast("Contact", self)
        with transaction.atomic():
            contact.notes, contact.notes_by, contact.notes_at = clean(text), by, timezone.now()
            contact.save(update_fields=["notes", "notes_by", "notes_at"])
            self._touched(by)

    def tell_changed(self) -> None:
        """Let open pages look at the contact again."""
        contact = cast("Contact", self)
        tell(contact.organisation_id, "contact.changed", id=contact.pk)

    def _set_blocked(self, is_blocked: bool, by: Employee | None) -> None:
        contact = cast("Contact", self)
        if contact.is_blocked == is_blocked:
            return
        with transaction.atomic():
            contact.is_blocked = is_blocked
            contact.blocked_by, contact.blocked_at = (by, timezone.now()) if is_blocked else (None, None)
            contact.save(update_fields=["is_blocked", "blocked_by", "blocked_at"])
            self._touched(by)

    def _touched(self, by: Employee | None) -> None:
        contact = cast("Contact", self)
        if by is not None and not by.may_write:
            raise ContactError(_("Light agents read contacts. An administrator can change your role."))
        contact.modified_at = timezone.now()
        contact.save(update_fields=["modified_at"])
        self.tell_changed()


def clean(text: str, longest: int = 20_000) -> str:
    return text.replace("\0", "").strip()[:longest]
