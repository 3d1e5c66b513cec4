"""Signatures: which one stands below a mail, and its places filled in."""

from __future__ import annotations

import html as html_module
import re
from collections.abc import Mapping
from typing import Any

from django.utils.html import escape

from caseway.accounts.models import Employee
from caseway.mail import written_html
from caseway.mailboxes.models import SupportAddress
from caseway.outbound.addresses import signature_of
from caseway.outbound.models import Signature
from caseway.outbound.template import TemplateError, render

PLACE = re.compile(r"\{[{%].*?[%}]\}", re.DOTALL)
Values = Mapping[str, Mapping[str, str]]


def signature_for(employee: Employee, row: SupportAddress) -> str:
    """HTML ready to send; '' where there is none. A broken template signs nothing."""
    if hasattr(row, "signature"):  # read with the addresses
        template = row.signature or ""
    else:
        template = signature_of(employee, row.pk).values_list("html", flat=True).first() or ""
    try:
        return fill(template, values_for(employee, row)) if template else ""
    except TemplateError:
        return ""


def values_for(employee: Employee, row: SupportAddress | None) -> dict[str, dict[str, str]]:
    """What a signature may name."""
    organisation = employee.organisation
    return {
        "employee": {"name": employee.name, "first_name": employee.first_name, "email": employee.email},
        "organisation": {"name": organisation.name},
        "address": {
            "email": row.address if row else "",
            "name": (row.display_name or organisation.name) if row else organisation.name,
        },
    }


def fill(template: str, values: Values) -> str:
    """Cleaned HTML of a template in HTML; what is filled in is text. Raises TemplateError."""
    escaped = {name: {key: escape(value) for key, value in found.items()} for name, found in values.items()}
    cleaned = clean_template(template)
    # Cleaning wrote '<' of a condition as '&lt;': inside of a place it is Liquid's, not HTML's.
    unescaped = PLACE.sub(lambda place: html_module.unescape(place[0]), cleaned)
    return written_html.clean(render(unescaped, escaped), _no_picture)


def clean_template(html: str) -> str:
    """As a template in HTML is kept."""
    return written_html.clean(html, _no_picture)


def check(html: str, employee: Employee) -> str:
    """'' when it can be used, else what is wrong in a sentence."""
    try:
        fill(html, values_for(employee, None))
    except TemplateError as error:
        return str(error)
    return ""


def keep(organisation_id: int, *, employee: Employee | None, row: SupportAddress | None, html: str) -> None:
    """Set or, with an empty text, remove the signature of an employee and an address (None: all of them)."""
    place: dict[str, Any] = {"organisation_id": organisation_id, "employee": employee, "support_address": row}
    cleaned = clean_template(html)
    if written_html.text_of(cleaned):
        Signature.objects.update_or_create(**place, defaults={"html": cleaned})
    else:
        Signature.objects.filter(**place).delete()


def _no_picture(address: str) -> None:
    return None
