"""Canned replies: found by title or shortcut, filled in with the case's values, the most used first."""

from __future__ import annotations

from django.db.models import F, Q, QuerySet

from caseway.accounts.models import Employee
from caseway.cases.models import Case
from caseway.mail import written_html
from caseway.mailboxes.models import SupportAddress
from caseway.outbound import signatures
from caseway.outbound.bodies import paragraphs
from caseway.outbound.models import CannedReply
from caseway.outbound.template import TemplateError, render

OFFERED = 20


def offered(organisation_id: int, words: str = "") -> QuerySet[CannedReply]:
    """Those that can be used, by title, shortcut or text; a shortcut that is typed in full comes first."""
    rows = CannedReply.objects.filter(organisation_id=organisation_id, is_active=True)
    for word in words.replace("\0", " ").split()[:8]:
        rows = rows.filter(Q(title__icontains=word) | Q(shortcut__istartswith=word) | Q(text__icontains=word))
    exact = Q(shortcut__iexact=words.strip()) & ~Q(shortcut="")
    return rows.alias(is_exact=exact).order_by(F("is_exact").desc(), "-used", "title", "pk")


def filled(row: CannedReply, values: signatures.Values) -> str:
    """HTML ready for the editor. Raises TemplateError."""
    if row.is_html:
        return signatures.fill(row.text, values)
    text = render(row.text, values).strip()
    return written_html.clean(paragraphs(text), lambda _: None)


def values_for(employee: Employee, case: Case | None, address: SupportAddress | None) -> dict[str, dict[str, str]]:
    """What a canned reply may name. Without a case the places of one stay empty."""
    contact = case.contact if case else None
    name = contact.name if contact else ""
    return signatures.values_for(employee, address) | {
        "case": {"number": case.label if case else "", "subject": case.subject if case else ""},
        "contact": {
            "name": name,
            "first_name": name.split(" ")[0] if "@" not in name else "",
            "email": case.email if case else "",
        },
    }


def sample_values(employee: Employee) -> dict[str, dict[str, str]]:
    """The values of a made-up case, for previews."""
    return signatures.values_for(employee, None) | {
        "case": {"number": "CW-1042", "subject": "Tent pole snapped on first use"},
        "contact": {"name": "Parker Ehlers", "first_name": "Parker", "email": "parker@brightwater.example"},
    }


def check(row: CannedReply, employee: Employee) -> str:
    """'' when it can be used, else what is wrong in a sentence."""
    try:
        filled(row, sample_values(employee))
    except TemplateError as error:
        return str(error)
    return ""


def use(row: CannedReply, employee: Employee, case: Case | None, address: SupportAddress | None) -> str:
    """HTML for the editor, counted as used. Raises TemplateError."""
    html = filled(row, values_for(employee, case, address))
    CannedReply.objects.filter(pk=row.pk).update(used=F("used") + 1)
    return html
