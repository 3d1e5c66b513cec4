"""Drafts: kept with each pause in typing, read by colleagues, with files that go up as soon as they are chosen."""

from __future__ import annotations

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from caseway.cases.models import Case, DraftFile, DraftKind, Message, WrittenDraft
from caseway.mail.model import File
from caseway.mailboxes.models import SupportAddress
from caseway.outbound import drafts
from caseway.outbound.errors import CannotSendError
from caseway.web.doors import EmployeeRequest, employee_page, writer_page
from caseway.web.finding import find_case, readable
from caseway.web.messages import FILE_POLICY, image_type
from caseway.web.texts import size
from caseway.web.writing import number


@employee_page
@require_POST
def keep(request: EmployeeRequest) -> HttpResponse:
    """Write down what is typed. 409 with what is there when another tab of the same person was later."""
    kind = request.POST.get("kind", "")
    if kind not in DraftKind.values or (kind != DraftKind.NOTE and not request.user.may_write):
        raise Http404
    case = _case(request)
    if (case is None) != (kind == DraftKind.NEW):
        raise Http404
    place = drafts.Place(case, kind, number(request.POST.get("draft", "")))
    try:
        draft = drafts.keep(
            request.user,
            place,
            {name: request.POST.get(name, "") for name in drafts.FIELDS},
            version=number(request.POST.get("draft_version", "")),
            from_address=_address(request),
            answered=_answered(request, case),
            is_wanted="wanted" in request.POST,
        )
    except drafts.StaleDraftError as error:
        return JsonResponse(_json(error.draft) | {"is_stale": True}, status=409)
    return JsonResponse(_json(draft))


@employee_page
@require_safe
def draft(request: EmployeeRequest, pk: int) -> HttpResponse:
    """A colleague's draft (or one's own), to be read."""
    row = _readable(request, pk)
    html = drafts.for_showing(row.html)
    files = row.files.filter(content_id="").only("pk", "name", "size", "draft")
    context = {"draft": row, "html": mark_safe(html), "files": files, "app": "cases"}  # noqa: S308 - cleaned
    template = "cases/_draft.html" if request.headers.get("HX-Request") else "cases/draft.html"
    return render(request, template, context)


@employee_page
@require_POST
def discard(request: EmployeeRequest, pk: int) -> HttpResponse:
    drafts.discard(_own(request, pk))
    return HttpResponse(status=204)


@writer_page
@require_POST
def add_file(request: EmployeeRequest, pk: int) -> HttpResponse:
    """One file of a draft; `inline`: a picture inside the text."""
    row = _own(request, pk)
    upload = request.FILES.get("file")
    if upload is None:
        return JsonResponse({"problem": _("No file came with it. Choose it again.")}, status=422)
    is_inline = "inline" in request.POST
    content = upload.read()
    kind = image_type(content)
    if is_inline and not kind:
        return JsonResponse({"problem": _("Only pictures (PNG, JPEG, GIF, WebP) stand inside the text.")}, status=422)
    content_type = kind if is_inline else upload.content_type or "application/octet-stream"
    try:
        kept = drafts.add_file(row, File(upload.name or "file", content_type, content), is_inline=is_inline)
    except CannotSendError as error:
        return JsonResponse({"problem": str(error)}, status=422)
    return JsonResponse(
        {
            "id": kept.pk,
            "name": kept.name,
            "size": size(kept.size),
            "bytes": kept.size,
            "url": drafts.address_of(kept.pk),
            "removal": reverse("draft-file-removal", args=[kept.pk]),
        }
    )


@employee_page
@require_safe
def file(request: EmployeeRequest, pk: int) -> HttpResponse:
    """A file of a draft: a picture is shown, everything else is a download."""
    row = DraftFile.objects.select_related("draft").filter(pk=pk).first()
    if row is None:
        raise Http404
    _readable(request, row.draft_id)
    content = bytes(row.content)
    kind = image_type(content) if row.content_id else ""
    response = HttpResponse(content, content_type=kind or "application/octet-stream")
    if not kind:
        response.headers["Content-Disposition"] = content_disposition_header(True, row.name) or "attachment"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = FILE_POLICY
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


@writer_page
@require_POST
def remove_file(request: EmployeeRequest, pk: int) -> HttpResponse:
    if not DraftFile.objects.filter(pk=pk, draft__employee=request.user).delete()[0]:
        raise Http404
    return HttpResponse(status=204)


def _json(row: WrittenDraft | None) -> dict[str, object]:
    if row is None:
        return {"draft": 0, "version": 0, "text": "", "html": ""}
    fields = {name: getattr(row, name) for name in ("text", "to", "cc", "bcc", "subject")}
    return fields | {
        "draft": row.pk,
        "version": row.version,
        "html": drafts.for_showing(row.html),
        "files": reverse("draft-files", args=[row.pk]),
        "discard": reverse("draft-discard", args=[row.pk]),
    }


def _case(request: EmployeeRequest) -> Case | None:
    wanted = number(request.POST.get("case", ""))
    return find_case(request.user, wanted) if wanted else None


def _own(request: EmployeeRequest, pk: int) -> WrittenDraft:
    row = WrittenDraft.objects.filter(pk=pk, employee=request.user).select_related("case").first()
    if row is None:
        raise Http404
    return row


def _readable(request: EmployeeRequest, pk: int) -> WrittenDraft:
    """Drafts of a case that the employee may read; one for a new case is its writer's alone."""
    rows = WrittenDraft.objects.select_related("employee", "case", "from_address")
    row = rows.filter(pk=pk, organisation_id=request.user.organisation_id).first()
    if row is None or (row.case is None and row.employee_id != request.user.pk):
        raise Http404
    if row.case is not None and not readable(request.user).filter(pk=row.case.pk).exists():
        raise Http404
    return row


def _address(request: EmployeeRequest) -> SupportAddress | None:
    pk = number(request.POST.get("from_address", ""))
    rows = SupportAddress.objects.filter(organisation_id=request.user.organisation_id, deleted_at=None)
    return rows.filter(pk=pk).first() if pk else None


def _answered(request: EmployeeRequest, case: Case | None) -> Message | None:
    pk = number(request.POST.get("answered", ""))
    return case.messages.filter(pk=pk).first() if case is not None and pk else None
