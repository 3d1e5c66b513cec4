"""What is done to a contact: made, edited, its addresses, notes, blocking, merging."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from caseway.cases.contact_merging import merge_contacts, undo_contact_merge
from caseway.contacts import lists
from caseway.contacts.errors import AddressTakenError, ContactError
from caseway.contacts.models import Contact, Customer, Merge
from caseway.web.contacts import find_address, find_contact
from caseway.web.doors import EmployeeRequest, writer_page
from caseway.web.forms.contacts import ContactForm

MOST_SUGGESTED = 8
CHOSEN = ("name", "job_title", "phone", "customer_id")


@writer_page
@require_http_methods(["GET", "HEAD", "POST"])
def new_contact(request: EmployeeRequest) -> HttpResponse:
    return _edit(request, None)


@writer_page
@require_http_methods(["GET", "HEAD", "POST"])
def edit_contact(request: EmployeeRequest, pk: int) -> HttpResponse:
    return _edit(request, find_contact(request, pk))


@writer_page
@require_POST
def addresses(request: EmployeeRequest, pk: int) -> HttpResponse:
    """One more address: `email` of the form, or of the address when a removal is undone."""
    row = find_contact(request, pk)
    email = request.POST.get("email", "") or request.GET.get("email", "")
    try:
        row.add_address(email, by=request.user)
    except AddressTakenError as error:
        if error.owner is None:
            return _back(request, row, error)
        messages.error(request, str(error))
        return redirect(f"{reverse('contact-merge', args=[row.pk])}?with={error.owner.pk}")
    except ContactError as error:
        return _back(request, row, error)
    messages.success(request, _("%(email)s is added.") % {"email": email.strip()})
    return redirect("contact", row.pk)


@writer_page
@require_POST
def address_removal(request: EmployeeRequest, pk: int) -> HttpResponse:
    address = find_address(request, pk)
    row, email = address.contact, address.email
    row.remove_address(address, by=request.user)
    undo = f"{reverse('contact-addresses', args=[row.pk])}?email={quote(email)}"
    messages.success(request, _("%(email)s is removed.") % {"email": email}, extra_tags=undo)
    return redirect("contact", row.pk)


@writer_page
@require_POST
def address_first(request: EmployeeRequest, pk: int) -> HttpResponse:
    address = find_address(request, pk)
    address.contact.put_first(address, by=request.user)
    messages.success(request, _("We write to %(email)s first now.") % {"email": address.email})
    return redirect("contact", address.contact_id)


@writer_page
@require_POST
def address_trial(request: EmployeeRequest, pk: int) -> HttpResponse:
    address = find_address(request, pk)
    address.contact.try_again(address, by=request.user)
    messages.success(
        request, _("The mark is gone. The next mail to %(email)s tries it again.") % {"email": address.email}
    )
    return redirect("contact", address.contact_id)


@writer_page
@require_POST
def notes(request: EmployeeRequest, pk: int) -> HttpResponse:
    row = find_contact(request, pk)
    row.write_notes(request.POST.get("notes", ""), by=request.user)
    messages.success(request, _("The notes are saved."))
    return redirect(f"{reverse('contact', args=[row.pk])}#notes")


@writer_page
@require_POST
def block(request: EmployeeRequest, pk: int) -> HttpResponse:
    """Mail of the contact is ignored, and kept in the mail log."""
    row = find_contact(request, pk)
    row.block(by=request.user)
    text = _("%(name)s is blocked. Their mail is kept in the mail log and makes no case.") % {"name": row.name}
    messages.success(request, text, extra_tags=reverse("contact-unblock", args=[row.pk]))
    return redirect("contact", row.pk)


@writer_page
@require_POST
def unblock(request: EmployeeRequest, pk: int) -> HttpResponse:
    row = find_contact(request, pk)
    row.unblock(by=request.user)
    text = _("Mail of %(name)s makes cases again.") % {"name": row.name}
    messages.success(request, text, extra_tags=reverse("contact-block", args=[row.pk]))
    return redirect("contact", row.pk)


@writer_page
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: EmployeeRequest, pk: int) -> HttpResponse:
    """Choose the other (`q`, `with`), choose what stays, and let the two be one."""
    row = find_contact(request, pk)
    if row.merged_into_id:
        return redirect("contact", row.merged_into_id)
    other = _other(request, row)
    if request.method == "POST" and other is not None:
        return _merged(request, row, other)
    words = lists.tidy(request.GET.get("q", ""))
    context: dict[str, Any] = {"app": "contacts", "contact": row, "other": other, "q": words}
    if other is not None:
        context["choices"] = _choices(row, other)
    else:
        context["suggested"] = _suggested(row, words)
    return render(request, "contacts/merge.html", context)


@writer_page
@require_POST
def merge_undo(request: EmployeeRequest, pk: int) -> HttpResponse:
    found = Merge.objects.filter(organisation_id=request.user.organisation_id, pk=pk, contact__isnull=False).first()
    if found is None:
        raise Http404
    try:
        gone = undo_contact_merge(found, by=request.user)
    except ContactError as error:
        messages.error(request, str(error))
        return redirect("contact", found.contact_id)
    messages.success(request, _("%(name)s is a contact of their own again.") % {"name": gone.name})
    return redirect("contact", gone.pk)


def _merged(request: EmployeeRequest, row: Contact, other: Contact) -> HttpResponse:
    values = {name: getattr(other, name) for name in CHOSEN if request.POST.get(name) == "other"}
    values |= {name: getattr(row, name) for name in CHOSEN if request.POST.get(name) == "this"}
    try:
        made = merge_contacts(row, other, by=request.user, values=values)
    except ContactError as error:
        return _back(request, row, error)
    text = _("%(gone)s and %(kept)s are one contact now.") % {"gone": other.name, "kept": row.name}
    messages.success(request, text, extra_tags=reverse("contact-merge-undo", args=[made.pk]))
    return redirect("contact", row.pk)


def _choices(row: Contact, other: Contact) -> list[dict[str, Any]]:
    """Fields of which the two have different values: name of the field, its title, both values."""
    titles = {"name": _("Name"), "job_title": _("Job title"), "phone": _("Phone"), "customer_id": _("Company")}
    found = []
    for name, title in titles.items():
        one, two = (
            (row.customer, other.customer) if name == "customer_id" else (getattr(row, name), getattr(other, name))
        )
        if one and two and one != two:
            found.append({"name": name, "title": title, "this": one, "other": two})
    return found


def _suggested(row: Contact, words: str) -> list[Contact]:
    """Whom the contact may be: what a search finds, else those with the same name, else of the same company."""
    for search in [words] if words else [row.name, row.name.split(" ")[-1]]:
        page = lists.page(row.organisation_id, search, size=MOST_SUGGESTED + 1, is_short=True)
        if others := [one for one in page.rows if one.pk != row.pk][:MOST_SUGGESTED]:
            return others
    return []


def _other(request: EmployeeRequest, row: Contact) -> Contact | None:
    wanted = request.POST.get("with", "") or request.GET.get("with", "")
    if not wanted:
        return None
    if not wanted.isdecimal() or len(wanted) > 17 or int(wanted) == row.pk:
        raise Http404
    return find_contact(request, int(wanted))


def _edit(request: EmployeeRequest, row: Contact | None) -> HttpResponse:
    initial = {}
    if row is None and (company := request.GET.get("company", "")).isdecimal() and len(company) < 18:
        found = Customer.objects.filter(organisation_id=request.user.organisation_id, pk=int(company)).first()
        initial = {"company": found.name} if found else {}
    form = ContactForm(request.POST or None, instance=row, employee=request.user, initial=initial)
    if request.method == "POST" and form.is_valid() and (kept := form.try_to_keep()) is not None:
        messages.success(request, _("Saved."))
        return redirect("contact", kept.pk)
    context = {"app": "contacts", "form": form, "contact": row}
    return render(request, "contacts/edit.html", context, status=422 if form.errors else 200)


def _back(request: EmployeeRequest, row: Contact, error: ContactError) -> HttpResponse:
    messages.error(request, str(error))
    return redirect("contact", row.pk)
