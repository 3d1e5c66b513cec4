"""Contacts as files: import with a dry run and undo, export as CSV and vCard."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from caseway.contacts.errors import ContactError
from caseway.contacts.exchange import csv_reading, exporting, importing, vcard
from caseway.contacts.models import ContactImport
from caseway.web.contacts import find_contact, read_filters
from caseway.web.doors import EmployeeRequest, employee_page, writer_page

FIELD_TITLES = (
    ("", gettext_lazy("Leave out")),
    ("name", gettext_lazy("Name")),
    ("first_name", gettext_lazy("First name")),
    ("last_name", gettext_lazy("Last name")),
    ("email", gettext_lazy("Email")),
    ("company", gettext_lazy("Company")),
    ("job_title", gettext_lazy("Job title")),
    ("phone", gettext_lazy("Phone")),
    ("notes", gettext_lazy("Notes")),
)
SHOWN_ROWS = 5
MOST_SHOWN = 20


@writer_page
@require_http_methods(["GET", "HEAD", "POST"])
def import_contacts(request: EmployeeRequest) -> HttpResponse:
    """Choose a file. What is wrong with it is said at once."""
    error = ""
    if request.method == "POST":
        try:
            file = request.FILES.get("file")
            content = file.read(importing.LARGEST_FILE + 1) if file else b""
            job = importing.receive_file((file.name if file else "") or "", content, by=request.user)
            return redirect("contact-import", job.pk)
        except ContactError as caught:
            error = str(caught)
    earlier = ContactImport.objects.filter(organisation_id=request.user.organisation_id).defer("content")
    context = {
        "app": "contacts",
        "error": error,
        "earlier": earlier.select_related("created_by").order_by("-pk")[:MOST_SHOWN],
    }
    return render(request, "contacts/import.html", context, status=422 if error else 200)


@writer_page
@require_http_methods(["GET", "HEAD", "POST"])
def contact_import(request: EmployeeRequest, pk: int) -> HttpResponse:
    """One import: its columns and a preview, the dry run, the import, what came of it. POST `do`: the next step."""
    job = _find(request, pk)
    if request.method == "POST":
        try:
            _do(request, job)
        except ContactError as error:
            messages.error(request, str(error))
        return redirect("contact-import", job.pk)
    return render(request, "contacts/import_one.html", _context(job))


@writer_page
@require_safe
def contact_import_status(request: EmployeeRequest, pk: int) -> HttpResponse:
    """The part of the page that changes while a worker works."""
    return render(request, "contacts/_import_status.html", _context(_find(request, pk)))


@employee_page
@require_safe
def export(request: EmployeeRequest, kind: str) -> HttpResponse:
    """All contacts that pass the filters of the address, as `csv` or `vcf`. Comes in pieces, however many they are."""
    filters, _view = read_filters(request)
    is_csv = kind == "csv"
    write, head = (exporting.as_csv, exporting.csv_head()) if is_csv else (exporting.as_vcard, "")
    pieces = exporting.pieces(request.user.organisation_id, filters, write, head)
    content_type = "text/csv; charset=utf-8" if is_csv else "text/vcard; charset=utf-8"
    response = StreamingHttpResponse(pieces, content_type=content_type)
    name = f"contacts-{timezone.localdate():%Y-%m-%d}.{kind}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return cast("HttpResponse", response)


@employee_page
@require_safe
def contact_card(request: EmployeeRequest, pk: int) -> HttpResponse:
    """One contact as a vCard."""
    row = find_contact(request, pk)
    response = HttpResponse(vcard.write(row), content_type="text/vcard; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="contact-{row.pk}.vcf"'
    return response


def _do(request: EmployeeRequest, job: ContactImport) -> None:
    step = request.POST.get("do", "")
    if step == "check":
        mapping = [request.POST.get(f"column-{number}", "") for number in range(len(job.columns))]
        importing.start_check(job, mapping, overwrites=request.POST.get("overwrites") == "1")
    elif step == "import":
        importing.start_import(job)
    elif step == "undo":
        importing.start_undo(job)


def _context(job: ContactImport) -> dict[str, object]:
    context: dict[str, object] = {"app": "contacts", "job": job, "fields": FIELD_TITLES}
    if job.kind == "csv" and job.content and not job.is_working:
        shape = csv_reading.look(bytes(job.content))
        fields = job.mapping or [""] * len(job.columns)
        context["columns"] = [
            {
                "number": number,
                "title": title or _("Column %(number)s") % {"number": number + 1},
                "field": fields[number],
                "cells": [row[number][:60] if number < len(row) else "" for row in shape.sample[:SHOWN_ROWS]],
            }
            for number, title in enumerate(job.columns)
        ]
    return context


def _find(request: EmployeeRequest, pk: int) -> ContactImport:
    rows = ContactImport.objects.filter(organisation_id=request.user.organisation_id)
    found = rows.select_related("created_by").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
