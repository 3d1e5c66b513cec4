"""A case made by hand: for a call or a visit, or with a first mail of ours."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from caseway.cases.errors import CaseError
from caseway.cases.models import Case, DraftKind, WrittenDraft
from caseway.cases.opening import open_by_hand
from caseway.contacts.models import Contact
from caseway.outbound.addresses import OwnAddresses
from caseway.outbound.begin import begin
from caseway.outbound.cautions import Caution, cautions
from caseway.outbound.drafts import written_address
from caseway.outbound.errors import CannotSendError
from caseway.outbound.reply import check
from caseway.web.composer import drafts_of, first_mail, send_later_presets, typed_values
from caseway.web.doors import EmployeeRequest, writer_page
from caseway.web.forms.cases import NewCaseForm
from caseway.web.replies import tell_sent
from caseway.web.writing import number, read_draft


@writer_page
@require_http_methods(["GET", "HEAD", "POST"])
def new_case(request: EmployeeRequest) -> HttpResponse:
    """`contact` in the address: for whom."""
    contact = _contact(request)
    form = NewCaseForm(request.POST or None, employee=request.user, contact=contact)
    if request.method == "POST" and form.is_valid():
        case = open_by_hand(request.user.organisation, by=request.user, **form.values())
        messages.success(request, _("%(label)s is made.") % {"label": case.label})
        return redirect("case", case.number)
    context = {"app": "cases", "form": form, "contact": contact}
    return render(request, "cases/new.html", context, status=422 if form.errors else 200)


@writer_page
@require_http_methods(["GET", "HEAD", "POST"])
def new_mail(request: EmployeeRequest) -> HttpResponse:
    """Write to somebody: a case is opened with the mail. `contact`: to whom; `draft`: one that was begun."""
    typed = problem = None
    found: list[Caution] = []
    if request.method == "POST":
        rows = OwnAddresses.of(request.user.organisation_id).from_addresses()
        try:
            draft = read_draft(request, None, DraftKind.NEW, rows)
            check(Case(organisation=request.user.organisation), draft)
            found = [] if "anyway" in request.POST else cautions(None, draft, None)
            if not found:
                sent = begin(request.user, draft)
                assert sent.case is not None
                tell_sent(request, sent)
                place = reverse("case", args=[sent.case.number])
                by_script = request.headers.get("X-Requested-With") == "caseway"
                return JsonResponse({"go": place}) if by_script else redirect(place)
        except (CannotSendError, CaseError) as error:
            problem = str(error)
        typed = typed_values(request)
    composer = {
        "problem": problem, "cautions": found, "lost_files": typed["lost_files"] if typed else [],
        "after": request.POST.get("anyway") or request.POST.get("after", "waiting"),
    }  # fmt: skip
    if request.headers.get("X-Requested-With") == "caseway":
        return render(request, "cases/_refused.html", {"composer": composer}, status=422)
    writer = first_mail(request, typed, _kept(request))
    contact = _contact(request)
    if contact is not None and not writer.to:
        writer.to = written_address(contact.name, contact.email) if contact.email else ""
    context = {"app": "cases", "w": writer, "composer": composer, "presets": send_later_presets(), "contact": contact}
    return render(request, "cases/new_mail.html", context, status=422 if typed else 200)


def _kept(request: EmployeeRequest) -> WrittenDraft | None:
    wanted = number(request.GET.get("draft", "") or request.POST.get("draft", ""))
    if not wanted:
        return None
    found = drafts_of(None, pk=wanted, employee=request.user, kind=DraftKind.NEW)
    if not found:
        raise Http404
    return found[0]


def _contact(request: EmployeeRequest) -> Contact | None:
    wanted = request.GET.get("contact", "")
    if not wanted:
        return None
    rows = Contact.objects.filter(organisation_id=request.user.organisation_id)
    contact = rows.filter(pk=int(wanted)).first() if wanted.isdecimal() and len(wanted) < 18 else None
    if contact is None:
        raise Http404
    return contact
