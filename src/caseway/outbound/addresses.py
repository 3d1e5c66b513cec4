"""Our addresses as a case sees them, read with one query: which may be From, which join Cc, which are ours."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models

from caseway.accounts.models import Employee, Organisation
from caseway.accounts.prepared import PreparedRows
from caseway.cases.models import Case, CaseAddress
from caseway.mail.address import address_key
from caseway.mail.model import Address
from caseway.mailboxes.models import Mailbox, SupportAddress
from caseway.outbound.models import Signature


@dataclass(frozen=True, slots=True)
class OwnAddresses:
    """Every address of the organisation, deleted ones included."""

    rows: list[SupportAddress]
    """In the order of their making, each with `through_pk`: the case's row for it, or None."""

    @classmethod
    def of(cls, organisation_id: int, case: Case | None = None, signer: Employee | None = None) -> OwnAddresses:
        """`signer`: whose signature each row gets as `signature`, the most particular one, not yet filled in."""
        if case is not None and signer is not None and signer.organisation_id == organisation_id:
            return cls(_OF_CASE.fetch(organisation=organisation_id, case=case.pk, signer=signer.pk))
        return cls(list(_rows(organisation_id, case, signer)))

    @property
    def keys(self) -> frozenset[str]:
        """Address keys of everything that the organisation receives mail at; and the system's."""
        addresses = [settings.CASEWAY_SYSTEM_ADDRESS]
        for row in self.rows:
            addresses += [row.address, row.mailbox.address, *row.aliases]
        for row in self.rows[:1]:
            addresses += row.alone  # type: ignore[attr-defined] # annotated above
        return frozenset(address_key(address) for address in addresses)

    @property
    def through(self) -> list[SupportAddress]:
        """Those that the case came in through, the first first."""
        return sorted((row for row in self.rows if _through(row)), key=lambda row: _through(row) or 0)

    def from_addresses(self) -> list[SupportAddress]:
        """Addresses that a mail may come from, the best first.

        Those with From Email Id on; first among them the one that the case came in through. Where none has it on,
        the case's own address remains, or else any: an answer needs a sender.
        """
        rows = [row for row in self.rows if row.deleted_at is None and row.mailbox.deleted_at is None]
        chosen = [row for row in rows if row.from_email_id]
        if not chosen:
            chosen = [row for row in rows if _through(row)] or rows[:1]
        return sorted(chosen, key=lambda row: (_through(row) is None, _through(row) or 0))

    def cc_for(self, from_address: SupportAddress) -> tuple[SupportAddress, ...]:
        """Rows of the case with Add to CC whose authenticated address is not the From: each joins Cc once."""
        sender = address_key(from_address.address)
        found: dict[str, SupportAddress] = {}
        for row in self.rows:
            key = address_key(row.mailbox.address)
            if _through(row) and row.add_to_cc and row.deleted_at is None and key != sender:
                found.setdefault(key, row)
        return tuple(found.values())


def sender_of(row: SupportAddress, organisation: Organisation) -> Address:
    """Whom mail of an address is from: its own name, else the company's."""
    return Address(row.display_name or organisation.name, row.address)


def _rows(organisation_id: int, case: Case | None, signer: Employee | None) -> models.QuerySet[SupportAddress]:
    through = CaseAddress.objects.filter(case=case, support_address=models.OuterRef("pk")).values("pk")[:1]
    if case is None:
        through = CaseAddress.objects.none().values("pk")
    alone = Mailbox.objects.filter(organisation_id=organisation_id, support_addresses=None).values("address")
    rows = SupportAddress.objects.filter(organisation_id=organisation_id).select_related("mailbox")
    rows = rows.annotate(through_pk=models.Subquery(through), alone=ArraySubquery(alone))
    if signer is not None:
        fitting = signature_of(signer, models.OuterRef("pk")).values("html")[:1]
        rows = rows.annotate(signature=models.Subquery(fitting))
    return rows.order_by("pk")


_OF_CASE = PreparedRows(
    lambda organisation, case, signer: _rows(
        organisation, Case(pk=case), Employee(pk=signer, organisation_id=organisation)
    )
)


def signature_of(employee: Employee, address: models.OuterRef | int) -> models.QuerySet[Signature]:
    """The signatures that fit, the most particular first: address and employee, employee, address, all."""
    rows = Signature.objects.filter(
        models.Q(employee=employee) | models.Q(employee=None),
        models.Q(support_address=address) | models.Q(support_address=None),
        organisation_id=employee.organisation_id,
    )
    return rows.order_by(models.F("employee").asc(nulls_last=True), models.F("support_address").asc(nulls_last=True))


def _through(row: SupportAddress) -> int | None:
    found: int | None = getattr(row, "through_pk", None)
    return found
