"""What the mails of one batch may meet, read at its beginning with one query for each kind, and what they add to it."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator, Sequence

from django.db.models import Count
from django.utils import timezone

from caseway.cases.models import Case, Message, Source
from caseway.contacts.free_mail import business_domain
from caseway.contacts.models import Contact, ContactAddress, Customer
from caseway.intake.conversations import Conversations
from caseway.intake.models import InboundEmail, InboundState
from caseway.intake.read import Reading
from caseway.mail.model import Address, TokenClaim
from caseway.mailboxes.models import SupportAddress

IDENTIFIER_LENGTH = 512
MOST_SAME = 500
"""Earlier mails with the words of a batch's that are looked at: far more than make a flood."""
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
OUTCOMES = (InboundState.DELIVERED, InboundState.IGNORED, InboundState.QUARANTINED)


class Known:
    """Earlier mail, messages and contacts of one organisation that the batch's mails name.

    Right for as long as the organisation's lock is held: nobody else delivers mail meanwhile.
    """

    def __init__(
        self, organisation_id: int, batch: Sequence[tuple[InboundEmail, Reading]], *, locks: bool = True
    ) -> None:
        self._organisation_id = organisation_id
        self.conversations = Conversations(organisation_id, locks=locks)
        self._earlier: dict[tuple[str, str] | int, list[InboundEmail]] = defaultdict(list)
        self._named: dict[str, dict[int, None]] = defaultdict(dict)
        self._naming: dict[str, dict[int, None]] = defaultdict(dict)
        self._moved: dict[int, int] = {}
        self._addresses: dict[str, ContactAddress] = {}
        self._contacts: dict[str, Contact] = {}
        self._companies: dict[str, int | None] = {}
        self._words: dict[tuple[str, str, str], list[datetime.datetime]] = defaultdict(list)
        self._begun: dict[int, int] = defaultdict(int)
        self._read_ledger(batch)
        self._read_messages([reading for _, reading in batch])
        self._read_contacts([reading for _, reading in batch])
        self._read_floods(batch)
        self._read_conversations([reading for _, reading in batch])

    def repeat_of(self, inbound: InboundEmail, reading: Reading, through: SupportAddress | None) -> InboundEmail | None:
        """An earlier delivery of the same mail: same Message-ID and same body, or the very same bytes without an id.

        Never the Message-ID alone: senders repeat and forge it. With `through`, only one by the same address counts.
        """
        for row in self._earlier.get(_same(inbound, reading), ()):
            if row.pk != inbound.pk and (through is None or row.support_address_id == through.pk):
                return row
        return None

    def cases_by_identifier(self, reading: Reading, *, is_copy: bool = False) -> Iterator[tuple[int, str]]:
        """Cases with a message that this one names, or with one that names this: an answer may arrive first.

        What names a copy of a mail that came before may well answer that one.
        """
        for identifier in reading.keys.message_ids:
            for case in self._named.get(identifier, ()):
                yield case, identifier
        for case in self._naming.get(reading.email.message_id, ()) if not is_copy else ():
            yield case, reading.email.message_id

    def cases_of_siblings(self, reading: Reading) -> Iterator[tuple[int, str]]:
        """Cases with a message that names what this one names: two answers, and what they answer is not here (yet)."""
        for identifier in reading.keys.message_ids:
            for case in self._naming.get(identifier, ()):
                yield case, identifier

    def case_of_claim(self, claim: TokenClaim) -> int:
        """The case that a token's message is in: the one that the token names, unless a person moved the message."""
        return self._moved.get(claim.message, claim.case)

    def contact_of(self, sender: Address) -> tuple[Contact, bool]:
        """The sender's contact, found or made; (contact, created). Who writes has an address that works again."""
        if found := self._contacts.get(sender.key):
            return found, False
        address = self._addresses.get(sender.key)
        if address is not None:
            contact, created = address.contact, False
            if address.bounced_at is not None:
                ContactAddress.objects.filter(pk=address.pk).update(bounced_at=None, bounce_reason="")
        else:
            company = self._company_of(sender)
            contact, created = Contact.objects.add_for_sender(self._organisation_id, sender, company), True
        self._contacts[sender.key] = contact
        return contact, created

    def _company_of(self, sender: Address) -> int | None:
        domain = business_domain(sender.email)
        if domain and domain not in self._companies:
            self._companies[domain] = Customer.objects.of_address(self._organisation_id, sender.email)
        return self._companies.get(domain)

    def contact_if_any(self, sender: Address) -> Contact | None:
        """The sender's contact, when there is one."""
        address = self._addresses.get(sender.key)
        return self._contacts.get(sender.key) or (address.contact if address is not None else None)

    def same_words(self, inbound: InboundEmail, reading: Reading) -> list[datetime.datetime]:
        """When the very same words (sender, subject, body) came before and were taken, within a day."""
        return [time for time in self._words[_words(reading)] if time > inbound.received_at - DAY]

    def cases_begun_by(self, contact: Contact) -> int:
        """Cases that the contact's mail began within an hour."""
        return self._begun[contact.pk]

    def remember(self, inbound: InboundEmail, reading: Reading) -> None:
        """A mail of the batch has its outcome: those behind it meet it too."""
        if inbound.state in OUTCOMES:
            self._earlier[_same(inbound, reading)].append(inbound)
        if inbound.message is not None:
            self.conversations.received(inbound.message)
            self._index(inbound.message.case_id, inbound.message.message_identifier, inbound.message.references)
            self._words[_words(reading)].append(inbound.received_at)
            if inbound.message.contact_id and inbound.reason.startswith("Opened"):
                self._begun[inbound.message.contact_id] += 1

    def _read_ledger(self, batch: Sequence[tuple[InboundEmail, Reading]]) -> None:
        rows = InboundEmail.objects.filter(organisation_id=self._organisation_id, state__in=OUTCOMES)
        rows = rows.exclude(processed_at=None).select_related("case", "message").order_by("pk")
        identifiers = [reading.email.message_id[:IDENTIFIER_LENGTH] for _, reading in batch if reading.email.message_id]
        if identifiers:
            for row in rows.filter(message_identifier__in=identifiers):
                self._earlier[row.message_identifier, row.body_sha256].append(row)
        without = [inbound.raw_id for inbound, reading in batch if not reading.email.message_id]
        if without:
            for row in rows.filter(raw_id__in=without, message_identifier=""):
                self._earlier[row.raw_id].append(row)

    def _read_messages(self, readings: Sequence[Reading]) -> None:
        messages = Message.objects.filter(organisation_id=self._organisation_id)
        if named := {identifier for reading in readings for identifier in reading.keys.message_ids}:
            rows = messages.filter(message_identifier__in=named)
            for case, identifier in rows.values_list("case_id", "message_identifier"):
                self._named[identifier][case] = None
        if naming := named | {reading.email.message_id for reading in readings if reading.email.message_id}:
            rows = messages.naming(naming)
            for case, references in rows.values_list("case_id", "references"):
                self._index(case, "", references)

        if claimed := {claim.message for reading in readings for claim in reading.keys.tokens}:
            moved = messages.filter(pk__in=claimed, moved_from__isnull=False)
            self._moved = dict(moved.values_list("pk", "case_id"))

    def _read_contacts(self, readings: Sequence[Reading]) -> None:
        keys = {reading.email.sender.key for reading in readings}
        rows = ContactAddress.objects.filter(organisation_id=self._organisation_id, key__in=keys, receives_mail=True)
        self._addresses = {row.key: row for row in rows.select_related("contact")}
        new = (
            {business_domain(reading.email.sender.email) for reading in readings} if keys - set(self._addresses) else ()
        )
        self._companies.update(Customer.objects.of_domains(self._organisation_id, new))

    def _read_conversations(self, readings: Sequence[Reading]) -> None:
        claims = {claim for reading in readings for claim in reading.keys.tokens}
        pks = {claim.case for claim in claims if claim.organisation == self._organisation_id}
        for reading in readings:
            pks.update(case for case, _ in self.cases_by_identifier(reading))
            pks.update(case for case, _ in self.cases_of_siblings(reading))
        self.conversations.read(pks, {number for reading in readings for number in reading.keys.case_numbers})

    def _read_floods(self, batch: Sequence[tuple[InboundEmail, Reading]]) -> None:
        """What may be too much of one sender; only of senders that are known, because others wrote nothing before."""
        known = [(inbound, reading) for inbound, reading in batch if reading.email.sender.key in self._addresses]
        if not known:
            return
        ids = {inbound.pk for inbound, _ in known}
        rows = InboundEmail.objects.filter(
            organisation_id=self._organisation_id,
            body_sha256__in={reading.email.body_sha256 for _, reading in known},
            received_at__gt=min(inbound.received_at for inbound, _ in known) - DAY,
            message__isnull=False,
        ).exclude(pk__in=ids)
        fields = ("sender", "subject", "body_sha256", "received_at")
        for sender, subject, body, received_at in rows.order_by("-received_at").values_list(*fields)[:MOST_SAME]:
            self._words[sender, subject, body].append(received_at)
        since = timezone.now() - HOUR
        contacts = {self._addresses[reading.email.sender.key].contact_id for _, reading in known}
        begun = Case.objects.filter(
            contact_id__in=contacts, modified_at__gt=since, created_at__gt=since, source=Source.EMAIL
        )
        counts = begun.order_by().values_list("contact_id").annotate(Count("pk"))
        self._begun.update({contact: count for contact, count in counts if contact is not None})

    def _index(self, case: int, identifier: str, references: Sequence[str]) -> None:
        if identifier:
            self._named[identifier][case] = None
        for reference in references:
            self._naming[reference][case] = None


def _words(reading: Reading) -> tuple[str, str, str]:
    return reading.email.sender.email[:320], reading.email.subject, reading.email.body_sha256


def _same(inbound: InboundEmail, reading: Reading) -> tuple[str, str] | int:
    """What two deliveries of one mail have in common."""
    if reading.email.message_id:
        return reading.email.message_id[:IDENTIFIER_LENGTH], reading.email.body_sha256
    return inbound.raw_id
