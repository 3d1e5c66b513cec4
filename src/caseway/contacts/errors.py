"""What may go wrong with contacts. The text of each says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from caseway.contacts.models import Contact


class ContactError(ValueError):
    """Tree: ContactError > AddressTakenError. Nothing was changed."""


class AddressTakenError(ContactError):
    """Mail from the address reaches somebody else: `owner`, or None when that one went meanwhile."""

    def __init__(self, email: str, owner: Contact | None) -> None:
        self.email, self.owner = email, owner
        name = owner.name if owner else _("another contact")
        super().__init__(_("%(email)s belongs to %(name)s already.") % {"email": email, "name": name})
