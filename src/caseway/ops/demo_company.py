"""The demo's organisation: Fieldnote, its employees, and a support address on the demo's own mail server.

`python -m caseway.ops.demo_company DIR`, run at each start before the others, migrates the database as its owner and
makes what is missing. What is there it leaves alone, but for the connection that the start changed (ports, password).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from caseway.ops.demo_site import SIGN_IN, SUPPORT_ADDRESS, DemoSite

if TYPE_CHECKING:
    from caseway.accounts.models import Employee, Organisation

ORGANISATION = ("fieldnote", "Fieldnote")
EMPLOYEES = (
    (SIGN_IN, "Maya Lindqvist", "administrator"),
    ("dana@fieldnote.example", "Dana Whitfield", "agent"),
    ("tomas@fieldnote.example", "Tomás Herrera", "agent"),
    ("priya@fieldnote.example", "Priya Raman", "agent"),
    ("jonas@fieldnote.example", "Jonas Weber", "light_agent"),
    ("aiko@fieldnote.example", "Aiko Mori", "agent"),
    ("kofi@fieldnote.example", "Kofi Mensah", "agent"),
)
TEAMS = {
    "Support": ("Maya", "Dana", "Kofi"),
    "Orders and shipping": ("Dana", "Aiko", "Maya"),
    "Workshop": ("Tomás", "Kofi"),
    "Sales": ("Priya", "Aiko", "Jonas"),
}
TYPES = ("Question", "Order", "Delivery", "Return", "Repair", "Invoice", "Partner", "Feedback")
TAGS = {"warranty": 1, "delivery": 7, "refund": 10, "wholesale": 4, "guides": 6, "safety": 0, "praise": 3}
CANNED = (
    ("Return label", "label", "Hello {{ contact.name }},\n\nthe return label is attached. You have thirty days."),
    ("Parcel search", "search", "Hello {{ contact.name }},\n\nwe have asked the courier to look for your parcel."),
    ("Workshop address", "workshop", "Workshop Fieldnote, Mill Lane 4. Please put {{ case.number }} into the box."),
)


def set_up(site: DemoSite) -> None:
    """Make or find the organisation. Needs Django set up, and a migrated database."""
    from django.db import transaction

    from caseway.accounts.models import ApiToken, Employee, Organisation
    from caseway.accounts.scope import every_organisation

    slug, name = ORGANISATION
    with every_organisation(), transaction.atomic():
        organisation, _ = Organisation.objects.get_or_create(slug=slug, defaults={"name": name})
        people = [
            Employee.objects.filter(email=email).first()
            or Employee.objects.create_employee(organisation, email, full_name, role, site.password)
            for email, full_name, role in EMPLOYEES
        ]
        ApiToken.issue(people[0], "Demo", site.api_token)
        _set_up_work(organisation, people)
        _connect_support_address(organisation.pk, people[0].pk, site)


def _set_up_work(organisation: Organisation, people: list[Employee]) -> None:
    """Teams, types, tags and canned replies, once: what somebody changed or removed stays so."""
    from caseway.accounts.models import Team, TeamMembership
    from caseway.cases.models import CaseType, Tag
    from caseway.outbound.models import CannedReply

    of = {"organisation": organisation}
    if Team.objects.exists() or CaseType.objects.exists():
        return
    named = {one.first_name: one for one in people}
    for name, members in TEAMS.items():
        team = Team.objects.create(name=name, **of)
        for member in members:
            TeamMembership.objects.create(team=team, employee=named[member], **of)
    for position, name in enumerate(TYPES):
        CaseType.objects.create(name=name, position=position, **of)
    for name, hue in TAGS.items():
        Tag.objects.create(name=name, hue=hue, **of)
    for title, shortcut, text in CANNED:
        CannedReply.objects.create(title=title, shortcut=shortcut, text=text, **of)


def make_story_table() -> None:
    """As the database's owner."""
    from django.conf import settings
    from django.db import connection

    from caseway.ops.story.run import make_table

    with connection.cursor() as cursor:
        make_table(cursor, settings.CASEWAY_DATABASE_ROLE)


def _connect_support_address(organisation_id: int, assignee_id: int, site: DemoSite) -> None:
    from caseway.mailboxes.models import Mailbox, Security, SupportAddress

    connection = {
        "imap_host": site.mail_host,
        "imap_port": site.imap_port,
        "imap_security": Security.PLAIN,
        "smtp_host": site.mail_host,
        "smtp_port": site.smtp_port,
        "smtp_security": Security.PLAIN,
        "password": site.mail_password,
    }
    mailbox = Mailbox.objects.kept().filter(organisation_id=organisation_id, address=SUPPORT_ADDRESS).first()
    if mailbox is None:
        mailbox = Mailbox(organisation_id=organisation_id, address=SUPPORT_ADDRESS, login=SUPPORT_ADDRESS)
    elif all(getattr(mailbox, name) == value for name, value in connection.items()):
        return  # as it was: a person may have changed the rest
    for name, value in connection.items():
        setattr(mailbox, name, value)
    mailbox.save()
    SupportAddress.objects.get_or_create(
        organisation_id=organisation_id,
        mailbox=mailbox,
        address=SUPPORT_ADDRESS,
        deleted_at=None,
        defaults={
            "is_default": True,
            "assigned_employee_id": assignee_id,
            "from_email_id": True,
            "display_name": "Fieldnote Support",
        },
    )


if __name__ == "__main__":
    from caseway.ops.commands.migrate import migrate_here
    from caseway.ops.demo_site import load

    migrate_here()
    make_story_table()
    set_up(load(Path(sys.argv[1])))
