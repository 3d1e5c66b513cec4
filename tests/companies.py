"""A company to test with: an organisation, employees and connected addresses, as rows."""

from dataclasses import dataclass

from caseway.accounts.models import Employee, Organisation, Role
from caseway.accounts.scope import every_organisation
from caseway.mailboxes.models import Mailbox, SupportAddress


@dataclass
class Company:
    organisation: Organisation
    maya: Employee
    dana: Employee
    light: Employee
    mailbox: Mailbox
    support: SupportAddress


def make_company(slug: str = "fieldnote", domain: str = "fieldnote.example", password: str | None = None) -> Company:
    """Fieldnote: Maya administers and gets support@'s cases, Dana is an agent, Lior reads and notes."""
    with every_organisation():
        organisation = Organisation.objects.create(name=slug.title(), slug=slug)
        make = Employee.objects.create_employee
        maya = make(organisation, f"maya@{domain}", "Maya Lindqvist", Role.ADMINISTRATOR, password)
        dana = make(organisation, f"dana@{domain}", "Dana Whitfield", Role.AGENT, password)
        light = make(organisation, f"lior@{domain}", "Lior Katz", Role.LIGHT_AGENT, password)
        mailbox = Mailbox.objects.create(
            organisation=organisation,
            address=f"support@{domain}",
            login=f"support@{domain}",
            imap_host="127.0.0.1",
            lease_number=1,
        )
        support = SupportAddress.objects.create(
            organisation=organisation,
            mailbox=mailbox,
            address=f"support@{domain}",
            assigned_employee=maya,
            is_default=True,
        )
    return Company(organisation, maya, dana, light, mailbox, support)
