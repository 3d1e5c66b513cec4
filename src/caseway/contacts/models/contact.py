"""The people who write to us, and their addresses."""

from __future__ import annotations

from typing import ClassVar

from django.db import connection, models, transaction
from django.utils import timezone

from caseway.accounts.models import Employee, Organisation
from caseway.accounts.together import add, reserve
from caseway.contacts.models.customer import Customer
from caseway.contacts.models.verbs import ContactVerbs
from caseway.mail.address import address_key
from caseway.mail.model import Address


class ContactManager(models.Manager["Contact"]):
    def with_address(self, organisation_id: int, email: str) -> Contact | None:
        """The contact that mail from `email` reaches: the same one every time, whatever the case of the letters."""
        row = (
            ContactAddress.objects.filter(organisation_id=organisation_id, key=address_key(email), receives_mail=True)
            .select_related("contact")
            .first()
        )
        return row.contact if row else None

    def for_sender(self, organisation_id: int, sender: Address) -> tuple[Contact, bool]:
        """The sender's contact, found or created with the name from the message; (contact, created).

        Two messages of a new sender at once make one contact: the address row is unique, and the loser takes the
        winner's.
        """
        if found := self.with_address(organisation_id, sender.email):
            return found, False
        return self.make_for_sender(organisation_id, sender)

    def add_for_sender(self, organisation_id: int, sender: Address, customer_id: int | None) -> Contact:
        """The same where both rows may wait to be written: should somebody else have taken the address meanwhile, the
        writing raises IntegrityError, and whoever asked looks again."""
        contact = self.model(
            pk=reserve(self.model),
            organisation_id=organisation_id,
            name=(sender.name or sender.email)[:200],
            customer_id=customer_id,
        )
        add(contact)
        add(
            ContactAddress(
                organisation_id=organisation_id,
                contact=contact,
                email=sender.email[:320],
                key=address_key(sender.email),
            )
        )
        return contact

    def make_for_sender(self, organisation_id: int, sender: Address) -> tuple[Contact, bool]:
        """The same for a sender who was looked for and not found."""
        with transaction.atomic(savepoint=False):
            contact = self.create(
                organisation_id=organisation_id,
                name=(sender.name or sender.email)[:200],
                customer_id=Customer.objects.of_address(organisation_id, sender.email),
            )
            if ContactAddress.take(contact, sender.email):
                return contact, True
            contact.delete()
        winner = self.with_address(organisation_id, sender.email)
        assert winner is not None, "somebody else has the address"
        return winner, False


class Contact(ContactVerbs, models.Model):
    """A person outside, known by one or more email addresses."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=200)
    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.SET_NULL, related_name="contacts")
    job_title = models.CharField(max_length=200, blank=True)
    phone = models.CharField(max_length=60, blank=True)
    notes = models.TextField(blank=True)
    notes_by = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    notes_at = models.DateTimeField(null=True, blank=True)
    is_blocked = models.BooleanField(default=False)
    blocked_by = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    blocked_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=20, default="email", help_text="email, manual, import or api")
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="merged")
    created_by = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    modified_at = models.DateTimeField(default=timezone.now)
    last_message_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ContactManager] = ContactManager()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["organisation", "-last_message_at", "-id"]),
            models.Index(fields=["organisation", "name", "id"]),
            models.Index(
                fields=["organisation", "name", "id"], condition=models.Q(is_blocked=True), name="contact_blocked"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def email(self) -> str:
        """The address that we write to first; '' without one."""
        addresses = self.sorted_addresses
        return addresses[0].email if addresses else ""

    @property
    def sorted_addresses(self) -> list[ContactAddress]:
        """All addresses, the one that we write to first at the front. Cheap when they were prefetched."""
        return sorted(self.addresses.all(), key=lambda row: (row.position, row.pk))

    @property
    def initials(self) -> str:
        words = [word for word in self.name.split() if word[0].isalnum()]
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


class ContactAddress(models.Model):
    """An email address of a contact. Several contacts may list one; mail from it reaches the one marked so."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="addresses")
    email = models.CharField(max_length=320)
    key = models.CharField(max_length=320)
    position = models.IntegerField(default=0, help_text="The lowest is written to first; among equals the oldest")
    receives_mail = models.BooleanField(default=True)
    bounced_at = models.DateTimeField(null=True, blank=True)
    bounce_reason = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["organisation", "key"], condition=models.Q(receives_mail=True), name="contact_address_once"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["contact"]),
        ]

    def __str__(self) -> str:
        return self.email

    @classmethod
    def take(cls, contact: Contact, email: str) -> bool:
        """Give the contact an address that mail from reaches it by; False when another contact has it."""
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO contacts_contactaddress "
                "(organisation_id, contact_id, email, key, position, receives_mail, bounce_reason) "
                "VALUES (%s, %s, %s, %s, 0, true, '') "
                "ON CONFLICT (organisation_id, key) WHERE receives_mail DO NOTHING",
                [contact.organisation_id, contact.pk, email[:320], address_key(email)],
            )
            return bool(cursor.rowcount == 1)
