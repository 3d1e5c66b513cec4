"""How a case begins: from an email, or by hand."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from caseway.accounts.models import Employee, Organisation, Team
from caseway.accounts.together import add, flush_if_new, held, reserve
from caseway.cases.errors import NotAllowedError
from caseway.cases.models import Case, CaseAddress, EventKind, Participant, Priority, Source, Status
from caseway.contacts.models import Contact
from caseway.mail.address import address_key
from caseway.mail.model import Address
from caseway.mailboxes.models import SupportAddress

NO_SUBJECT = "(no subject)"
SUBJECT_LENGTH = 500
DESCRIPTION_LENGTH = 10_000


def next_number(organisation_id: int) -> int:
    """The organisation's next case number, taken for good when the transaction commits. Locks the counter till then."""
    numbers = held(_CaseNumbers, organisation_id)
    return numbers.take() if numbers is not None else _count_on(organisation_id, 1)


def _count_on(organisation_id: int, by: int) -> int:
    """Move the counter on, lock it, and return the number that it stood at."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO cases_casecounter (organisation_id, next) VALUES (%s, 1 + %s) "
            "ON CONFLICT (organisation_id) DO UPDATE SET next = cases_casecounter.next + %s RETURNING next - %s",
            [organisation_id, by, by, by],
        )
        return int(cursor.fetchone()[0])


class _CaseNumbers:
    """The numbers that one batch of mail takes: the counter is locked at the first, and moved on at the end."""

    def __init__(self, organisation_id: int) -> None:
        self._organisation_id = organisation_id
        self._written = self._next = _count_on(organisation_id, 0)

    def take(self) -> int:
        self._next += 1
        return self._next - 1

    def write(self) -> None:
        if self._next > self._written:
            _count_on(self._organisation_id, self._next - self._written)
            self._written = self._next


def open_from_email(
    organisation_id: int,
    *,
    subject: str,
    description: str,
    contact: Contact | None,
    sender: Address,
    came_through: Sequence[SupportAddress],
    preview: str = "",
    has_attachment: bool = False,
    related_to: int | None = None,
    related_reason: str = "",
) -> Case:
    """A new case, assigned as the first of the addresses that it came through says. Inside the caller's transaction."""
    employee, team = _assignee(came_through)
    case = Case(
        pk=reserve(Case),
        organisation_id=organisation_id,
        number=next_number(organisation_id),
        subject=_one_line(subject) or NO_SUBJECT,
        description=description[:DESCRIPTION_LENGTH],
        source=Source.EMAIL,
        preview=preview,
        has_attachment=has_attachment,
        received_at=timezone.now(),
        contact=contact,
        customer_id=contact.customer_id if contact else None,
        email=sender.email[:320],
        assigned_employee=employee,
        assigned_team=team,
        related_to_id=related_to,
        related_reason=related_reason,
    )
    add(case)
    record_addresses(case, came_through)
    _add_first_participant(case, sender)
    data = {
        "by": "email",
        "employee": employee.name if employee else "",
        "team": team.name if team else "",
        "through": came_through[0].address if came_through else "",
    }
    case.record(EventKind.CREATED, data)
    if related_to is not None:
        flush_if_new(Case, related_to)
        number = Case.objects.values_list("number", flat=True).get(pk=related_to)
        case.record(EventKind.RELATED, {"number": number, "reason": related_reason})
    return case


def open_by_hand(
    organisation: Organisation,
    *,
    by: Employee | None,
    subject: str,
    description: str = "",
    contact: Contact | None = None,
    email: str = "",
    assigned_employee: Employee | None = None,
    assigned_team: Team | None = None,
    priority: str = Priority.NORMAL,
    type: str = "",
    tags: Iterable[str] = (),
    need_by: datetime.date | None = None,
    source: str = Source.MANUAL,
) -> Case:
    """A new case that no email began. With an email address and no contact, the contact is found or made.

    Raises ValueError when the subject is empty, NotAllowedError for a light agent. Sends nothing.
    """
    if by is not None and not by.may_write:
        raise NotAllowedError(by.name)
    subject = _one_line(subject)
    if not subject:
        raise ValueError(_("A case needs a subject. Say in a few words what it is about."))
    with transaction.atomic():
        if contact is None and email.strip():
            contact, _is_new = Contact.objects.for_sender(organisation.pk, Address("", email.strip()))
        case = Case.objects.create(
            organisation=organisation,
            number=next_number(organisation.pk),
            subject=subject,
            description=description.replace("\0", ""),
            preview=_one_line(description)[:200],
            status=Status.NEW,
            source=Source(source),
            priority=Priority(priority),
            type=type.strip()[:60],
            tags=list(dict.fromkeys(tag.strip()[:60] for tag in tags if tag.strip())),
            need_by=need_by,
            contact=contact,
            customer_id=contact.customer_id if contact else None,
            email=email.strip()[:320] or (contact.email if contact else ""),
            assigned_employee=assigned_employee,
            assigned_team=assigned_team,
            created_by=by,
            modified_by=by,
        )
        if case.email:
            add_participant(case, Address(contact.name if contact else "", case.email))
        case.record(EventKind.CREATED, {"by": case.source}, by=by)
        case.tell_changed("case.new")
    return case


def record_addresses(case: Case, came_through: Sequence[SupportAddress]) -> None:
    """Remember which of our addresses the case came in through; those known stay."""
    for address in came_through:
        add(
            CaseAddress(organisation_id=case.organisation_id, case=case, support_address=address),
            ignore_conflicts=True,
        )


def add_participant(case: Case, address: Address, *, is_verified: bool = True) -> bool:
    """Let an address take part in the case; True when it is new to it. One that takes part already stays as it is."""
    key = address_key(address.email)
    if not key:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO cases_participant (organisation_id, case_id, key, email, name, is_verified) "
            "VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (case_id, key) DO NOTHING",
            [case.organisation_id, case.pk, key, address.email[:320], address.name[:200], is_verified],
        )
        return bool(cursor.rowcount == 1)


def accept_participants(case: Case, addresses: Sequence[Address]) -> None:
    """Let addresses that an employee writes to take part; those that waited to be accepted are."""
    own = (case.organisation_id, case.pk)
    rows = {
        key: (*own, key[:320], one.email[:320], one.name[:200]) for one in addresses if (key := address_key(one.email))
    }
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO cases_participant (organisation_id, case_id, key, email, name, is_verified) VALUES "  # noqa: S608 - placeholders
            + ", ".join(["(%s, %s, %s, %s, %s, true)"] * len(rows))
            + " ON CONFLICT (case_id, key) DO UPDATE SET is_verified = true WHERE NOT cases_participant.is_verified",
            [value for row in rows.values() for value in row],
        )


def _add_first_participant(case: Case, address: Address) -> None:
    """As `add_participant`, for a case that is being opened: it may wait to be written."""
    if key := address_key(address.email):
        add(
            Participant(
                organisation_id=case.organisation_id,
                case=case,
                key=key,
                email=address.email[:320],
                name=address.name[:200],
            ),
            ignore_conflicts=True,
        )


def _assignee(came_through: Sequence[SupportAddress]) -> tuple[Employee | None, Team | None]:
    """As the first address says; an employee who left is nobody."""
    for address in came_through[:1]:
        employee = address.assigned_employee
        if employee is not None and employee.is_active:
            return employee, None
        return None, address.assigned_team
    return None, None


def _one_line(text: str) -> str:
    return " ".join(text.replace("\0", " ").split())[:SUBJECT_LENGTH]


def closed_too_long_ago(case: Case, reopen_days: int) -> bool:
    """Whether a reply makes a linked new case instead of reopening this one."""
    if case.status != Status.CLOSED or case.closed_at is None:
        return False
    return case.closed_at < timezone.now() - datetime.timedelta(days=reopen_days)
