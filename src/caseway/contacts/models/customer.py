"""The companies that contacts belong to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db import connection, models
from django.utils import timezone

from caseway.accounts.models import Employee, Organisation
from caseway.contacts.free_mail import business_domain, name_of_company, parents


class CustomerManager(models.Manager["Customer"]):
    def of_address(self, organisation_id: int, email: str) -> int | None:
        """The id of the company that owns the address's domain, made when it is new. None for free mail.

        A company with the domain `acme.example` also owns `eu.acme.example`. One statement, because the intake asks
        for each new sender.
        """
        domain = business_domain(email)
        if not domain:
            return None
        values: list[Any] = [
            organisation_id,
            parents(domain),
            organisation_id,
            name_of_company(domain),
            domain,
            timezone.now(),
        ]
        with connection.cursor() as cursor:
            cursor.execute(_FIND_OR_MAKE, values)
            row = cursor.fetchone()
        if row is not None:
            return int(row[0])
        return self.filter(organisation_id=organisation_id, domain=domain).values_list("pk", flat=True).first()

    def of_domains(self, organisation_id: int, domains: Iterable[str]) -> dict[str, int]:
        """Companies by business domain, for those of `domains` that one owns already. One query for all."""
        wanted = {domain: parents(domain) for domain in domains if domain}
        every = {parent for found in wanted.values() for parent in found}
        rows = self.filter(organisation_id=organisation_id, domain__in=every).values_list("domain", "pk", "merged_into")
        owners = {domain: merged or pk for domain, pk, merged in rows} if every else {}
        found = {
            domain: next((owners[one] for one in chain if one in owners), None) for domain, chain in wanted.items()
        }
        return {domain: pk for domain, pk in found.items() if pk is not None}

    def at_domain(self, organisation_id: int, domain: str) -> Customer | None:
        """The company that has the domain as its own, one that went into another included."""
        return self.filter(organisation_id=organisation_id, domain=domain).first() if domain else None

    def named(self, organisation_id: int, name: str) -> Customer | None:
        """The company of that name, whatever the case of its letters, made when it is new. None for no name."""
        name = " ".join(name.split())[:200]
        if not name:
            return None
        rows = self.filter(organisation_id=organisation_id, name__iexact=name, merged_into=None)
        return rows.order_by("pk").first() or self.create(organisation_id=organisation_id, name=name)


_FIND_OR_MAKE = """
WITH known AS (
    SELECT coalesce(merged_into_id, id) AS id FROM contacts_customer
    WHERE organisation_id = %s AND domain = ANY(%s) AND domain <> '' ORDER BY length(domain) DESC LIMIT 1
), made AS (
    INSERT INTO contacts_customer (organisation_id, name, domain, notes, created_at)
    SELECT %s, %s, %s, '', %s WHERE NOT EXISTS (SELECT 1 FROM known)
    ON CONFLICT (organisation_id, domain) WHERE domain <> '' DO NOTHING
    RETURNING id
)
SELECT id FROM known UNION ALL SELECT id FROM made
"""


class Customer(models.Model):
    """A company that contacts belong to."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="customers")
    name = models.CharField(max_length=200)
    domain = models.CharField(max_length=255, blank=True, help_text="Mail from it makes contacts of this company")
    notes = models.TextField(blank=True)
    notes_by = models.ForeignKey(Employee, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    notes_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="merged")
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[CustomerManager] = CustomerManager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["organisation", "domain"], condition=~models.Q(domain=""), name="customer_domain_once"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["organisation", "domain"]),
            models.Index(fields=["organisation", "name", "id"], name="customer_list"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def initials(self) -> str:
        words = [word for word in self.name.split() if word[0].isalnum()]
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"

    @property
    def domains(self) -> list[str]:
        """Its own domain and those of the companies that went into it."""
        found = [self.domain, *self.merged.order_by("pk").values_list("domain", flat=True)]
        return [domain for domain in found if domain]
