"""Companies: whom we know there, their cases, and two that are one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from caseway.cases.customer_merging import merge_customers, undo_customer_merge
from caseway.cases.models import Case
from caseway.contacts import lists
from caseway.contacts.errors import ContactError
from caseway.contacts.free_mail import FREE_MAIL, business_domain
from caseway.contacts.models import Customer, Merge
from caseway.contacts.models.verbs import clean
from caseway.web.contacts import cases_context, shown_counts
from caseway.web.doors import EmployeeRequest, employee_page, writer_page

MOST_PEOPLE = 50


class CompanyForm(forms.Form):
    """Name and domain. A domain that another company has asks whether the two are one."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    domain = forms.CharField(label=gettext_lazy("Domain"), max_length=255, required=False)

    def clean_domain(self) -> str:
        domain = str(self.cleaned_data["domain"]).strip().lower().lstrip("@")
        if domain in FREE_MAIL:
            raise forms.ValidationError(_("%(domain)s is everybody's."), params={"domain": domain})
        if domain and business_domain(f"a@{domain}") != domain:
            raise forms.ValidationError(_("A domain looks like example.com."))
        return domain


@employee_page
@require_safe
def companies(request: EmployeeRequest) -> HttpResponse:
    """By name, with search; `after` gives the rows that follow."""
    organisation, words = request.user.organisation_id, lists.tidy(request.GET.get("q", ""))
    page = lists.companies(organisation, words, request.GET.get("after", ""))
    context = {"app": "contacts", "page": page, "q": words, "view": "companies", "counts": shown_counts(organisation)}
    return render(request, "contacts/companies.html", context)


@employee_page
@require_safe
def company(request: EmployeeRequest, pk: int) -> HttpResponse:
    """One company with its contacts and cases. One that was merged leads on."""
    row = find_company(request, pk)
    if row.merged_into_id:
        return redirect("company", row.merged_into_id)
    organisation = request.user.organisation_id
    people = lists.page(organisation, filters=lists.Filters(customer=row.pk), size=MOST_PEOPLE, is_short=True)
    cases = Case.objects.visible_to(request.user).filter(customer=row)
    context: dict[str, Any] = {"app": "contacts", "company": row, "people": people, "view": "companies"}
    context |= cases_context(cases, request.GET.get("cases", "open"))
    context["counts"] = shown_counts(organisation)
    if row.was_merged:
        context["can_unmerge"] = list(row.merges.filter(undone_at=None).select_related("gone_customer")[:20])
    return render(request, "contacts/company.html", context)


@writer_page
@require_http_methods(["GET", "HEAD", "POST"])
def edit_company(request: EmployeeRequest, pk: int) -> HttpResponse:
    """Another name or domain; `merge` confirms that the company with that domain is the same."""
    row = find_company(request, pk)
    form = CompanyForm(request.POST or None, initial={"name": row.name, "domain": row.domain})
    same = None
    if request.method == "POST" and form.is_valid():
        domain = form.cleaned_data["domain"]
        same = Customer.objects.at_domain(row.organisation_id, domain)
        same = same.merged_into or same if same else None
        if same is None or same.pk == row.pk:
            return _renamed(request, row, form)
        if request.POST.get("merge") == str(same.pk):
            return _merged(request, row, same, form.cleaned_data["name"])
    context = {"app": "contacts", "company": row, "form": form, "same": same}
    return render(request, "contacts/edit_company.html", context, status=422 if form.errors or same else 200)


@writer_page
@require_POST
def company_notes(request: EmployeeRequest, pk: int) -> HttpResponse:
    row = find_company(request, pk)
    row.notes, row.notes_by, row.notes_at = clean(request.POST.get("notes", "")), request.user, timezone.now()
    row.save(update_fields=["notes", "notes_by", "notes_at"])
    messages.success(request, _("The notes are saved."))
    return redirect(f"{reverse('company', args=[row.pk])}#notes")


@writer_page
@require_POST
def merge_undo(request: EmployeeRequest, pk: int) -> HttpResponse:
    found = Merge.objects.filter(organisation_id=request.user.organisation_id, pk=pk, customer__isnull=False).first()
    if found is None:
        raise Http404
    try:
        gone = undo_customer_merge(found, by=request.user)
    except ContactError as error:
        messages.error(request, str(error))
        return redirect("company", found.customer_id)
    messages.success(request, _("%(name)s is a company of its own again.") % {"name": gone.name})
    return redirect("company", gone.pk)


def find_company(request: EmployeeRequest, pk: int) -> Customer:
    rows = Customer.objects.filter(organisation_id=request.user.organisation_id).select_related("notes_by")
    merges = Merge.objects.filter(customer=OuterRef("pk"), undone_at=None)
    found = rows.annotate(was_merged=Exists(merges)).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _renamed(request: EmployeeRequest, row: Customer, form: CompanyForm) -> HttpResponse:
    row.name = " ".join(form.cleaned_data["name"].split())
    if form.cleaned_data["domain"] not in row.domains:
        row.domain = form.cleaned_data["domain"]
    try:
        with transaction.atomic():
            row.save(update_fields=["name", "domain"])
    except IntegrityError:
        messages.error(request, _("Another company has got this domain just now. Look again and save."))
        return redirect("edit-company", row.pk)
    messages.success(request, _("Saved."))
    return redirect("company", row.pk)


def _merged(request: EmployeeRequest, row: Customer, same: Customer, name: str) -> HttpResponse:
    try:
        made = merge_customers(row, same, by=request.user)
    except ContactError as error:
        messages.error(request, str(error))
        return redirect("company", row.pk)
    Customer.objects.filter(pk=row.pk).update(name=" ".join(name.split()))
    text = _("%(gone)s and %(kept)s are one company now.") % {"gone": same.name, "kept": name}
    messages.success(request, text, extra_tags=reverse("company-merge-undo", args=[made.pk]))
    return redirect("company", row.pk)
