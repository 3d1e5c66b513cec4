"""Telling employees of what concerns them: rows in the caller's transaction, heard by their open pages at once.

    notify(NotificationKind.ASSIGNED, case, [case.assigned_employee], actor=by)

Whoever did it is not told, nor who left, nor who switched the kind off. Mail is made later, of what is still unread
(`caseway.outbound.notices`). Under `together.gathered` it costs one row in the batch's insert.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Left
from django.utils import timezone
from django.utils.translation import gettext as _

from caseway.accounts.bell import tell
from caseway.accounts.languages import isolated
from caseway.accounts.models import Employee
from caseway.accounts.together import add
from caseway.cases.models import Case, Follower, Message, Notification, NotificationKind

WORKSPACE, BROWSER, EMAIL = "workspace", "browser", "email"
WAYS = (WORKSPACE, BROWSER, EMAIL)
DEFAULTS: dict[str, frozenset[str]] = {
    NotificationKind.ASSIGNED: frozenset({WORKSPACE, BROWSER}),
    NotificationKind.REPLIED: frozenset({WORKSPACE, BROWSER}),
    NotificationKind.MENTIONED: frozenset({WORKSPACE, BROWSER, EMAIL}),
    NotificationKind.FOLLOWED: frozenset({WORKSPACE}),
    NotificationKind.FAILED: frozenset({WORKSPACE, BROWSER, EMAIL}),
    NotificationKind.WOKEN: frozenset({WORKSPACE, BROWSER}),
}
"""How each kind is told until the employee says otherwise: what waits for them, and little by email."""

SNIPPET = 160
NEWS = timedelta(minutes=2)
"""What is older is no news any more: a browser that was closed meanwhile shows it in the bell only."""


def ways_of(employee: Employee, kind: str) -> frozenset[str]:
    """How the employee wants to be told of this kind; empty: not at all."""
    chosen = employee.notices.get(kind) if isinstance(employee.notices, dict) else None
    if not isinstance(chosen, list):
        return DEFAULTS.get(kind, frozenset())
    return frozenset(way for way in chosen if way in WAYS)


def notify(
    kind: NotificationKind,
    case: Case,
    employees: Iterable[Employee | None],
    *,
    actor: Employee | None = None,
    message: Message | None = None,
    data: dict[str, Any] | None = None,
) -> list[Notification]:
    """One row for each employee who wants to know, and a word to their open pages. Inside the caller's transaction."""
    rows = []
    for employee in {one.pk: one for one in employees if one is not None and one.is_active}.values():
        ways = ways_of(employee, kind)
        if not ways or (actor is not None and employee.pk == actor.pk):
            continue
        row = Notification(
            organisation_id=case.organisation_id,
            employee=employee,
            kind=kind,
            case=case,
            message=message,
            actor=actor,
            data=data or {},
            is_listed=WORKSPACE in ways,
            to_mail=EMAIL in ways,
        )
        rows.append(add(row))
        tell_employee(employee)
    return rows


def tell_followers(
    case: Case, *, actor: Employee | None, message: Message | None = None, but_not: Iterable[Employee | None] = ()
) -> None:
    """Something happened in the case. `but_not`: who is told of it in another way.

    Whoever was just told of the same person in the same case, and has not looked, is not told again: an answer often
    sets the status too.
    """
    just_told = Notification.objects.filter(
        employee=OuterRef("employee"), case=case, kind=NotificationKind.FOLLOWED, actor=actor, read_at=None
    ).filter(created_at__gt=timezone.now() - NEWS)
    rows = Follower.objects.filter(~Exists(just_told), case=case, employee__is_active=True)
    told = {one.pk for one in but_not if one is not None}
    people = [row.employee for row in rows.select_related("employee") if row.employee_id not in told]
    notify(NotificationKind.FOLLOWED, case, people, actor=actor, message=message)


def tell_of_answer(case: Case, message: Message, people: Iterable[Employee]) -> None:
    """A customer wrote: whoever has the case is told, and `people`, its followers. Asks nothing but the assignee."""
    owner = case.assigned_employee
    notify(NotificationKind.REPLIED, case, [owner], message=message)
    others = [one for one in people if owner is None or one.pk != owner.pk]
    notify(NotificationKind.FOLLOWED, case, others, message=message)


def tell_employee(employee: Employee) -> None:
    """The employee's open pages look at the bell anew; nobody else's hear it."""
    tell(employee.organisation_id, "notification", employee=employee.pk)


def listed(employee: Employee) -> QuerySet[Notification]:
    """What the bell may show: of cases that the employee can open."""
    return Notification.objects.filter(
        organisation_id=employee.organisation_id, employee=employee, is_listed=True, case__deleted_at=None
    )


def unread_count(employee: Employee) -> int:
    """Cases with something unread: five answers in one case are one thing to look at."""
    return listed(employee).filter(read_at=None).values("case").distinct().count()


def recent(employee: Employee, *, before: int = 0, size: int = 50) -> list[Notification]:
    """The newest first, older than the id `before` when it is given. Each is ready for `sentence`."""
    rows = listed(employee).filter(pk__lt=before) if before else listed(employee)
    return list(with_words(rows).order_by("-pk")[:size])


def for_browser(employee: Employee, after: int) -> list[Notification]:
    """What the browser is to show: unread, just made, newer than the id `after`, told this way. Oldest first."""
    kinds = [kind for kind in NotificationKind.values if BROWSER in ways_of(employee, kind)]
    rows = Notification.objects.filter(
        organisation_id=employee.organisation_id, employee=employee, read_at=None, case__deleted_at=None
    ).filter(pk__gt=after, kind__in=kinds, created_at__gt=timezone.now() - NEWS)
    return list(with_words(rows).order_by("-pk")[:5])[::-1]


def sentence(row: Notification) -> str:
    """What happened, for the one who is told; the row comes with its case, actor and words."""
    label = row.case.label
    if row.kind == NotificationKind.ASSIGNED and row.actor is not None:
        return _("%(name)s assigned %(label)s to you") % {"name": isolated(row.actor.name), "label": label}
    if row.kind == NotificationKind.ASSIGNED:
        return _("%(label)s came in and is assigned to you") % {"label": label}
    is_answer = row.kind == NotificationKind.FOLLOWED and row.actor is None and row.message_id is not None
    if row.kind == NotificationKind.REPLIED or is_answer:
        name = getattr(row, "writer", "") or row.case.email
        return _("%(name)s answered in %(label)s") % {"name": isolated(name), "label": label}
    if row.kind == NotificationKind.MENTIONED and row.actor is not None:
        return _("%(name)s mentioned you in %(label)s") % {"name": isolated(row.actor.name), "label": label}
    if row.kind == NotificationKind.FAILED:
        return _("A mail of yours in %(label)s was not delivered") % {"label": label}
    if row.kind == NotificationKind.WOKEN:
        return _("%(label)s is back: you had put it off") % {"label": label}
    if row.actor is not None:
        return _("%(name)s did something in %(label)s, which you follow") % {
            "name": isolated(row.actor.name),
            "label": label,
        }
    return _("There is news in %(label)s, which you follow") % {"label": label}


def read(employee: Employee, *, case: Case | None = None, pk: int = 0) -> int:
    """Mark as read: those of a case, one, or with neither all. Returns how many were unread."""
    chosen = Q(case=case) if case is not None else Q(pk=pk) if pk else Q()
    unread = Notification.objects.filter(organisation_id=employee.organisation_id, employee=employee, read_at=None)
    changed = unread.filter(chosen).update(read_at=timezone.now())
    if changed:
        tell_employee(employee)
    return changed


def with_words(rows: QuerySet[Notification]) -> QuerySet[Notification]:
    """With the case, the actor, and of the message its `writer` and its beginning, the `snippet`."""
    return (
        rows.select_related("case", "actor")
        .only(
            "kind", "data", "created_at", "read_at", "message_id", "organisation_id", "employee_id",
            "case__number", "case__subject", "case__organisation_id", "case__email", "actor__name",
        )
        .annotate(snippet=Left("message__new_text", SNIPPET), writer=F("message__from_name"))
    )  # fmt: skip
