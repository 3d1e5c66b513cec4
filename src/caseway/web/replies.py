"""Answering: replies, forwards and notes, and taking a mail back before it leaves."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from caseway.accounts.models import Employee
from caseway.cases import presence
from caseway.cases.errors import CaseError, StaleCaseError
from caseway.cases.models import Case, Direction, DraftKind, Message, WrittenDraft
from caseway.cases.models.notes import mentioned
from caseway.outbound import drafts, forward
from caseway.outbound.cautions import Caution, cautions
from caseway.outbound.errors import CannotSendError
from caseway.outbound.models import OutboundEmail
from caseway.outbound.recipients import choices
from caseway.outbound.reply import check, reply, undo
from caseway.web.case import show_case
from caseway.web.composer import typed_values
from caseway.web.doors import EmployeeRequest, employee_page, writer_page
from caseway.web.finding import find_case, find_message
from caseway.web.writing import kind_of, number, read_draft

MOST_NEWS = 3
"""What others wrote meanwhile is shown in the conflict box; more than this is in the thread anyway."""


@writer_page
@require_POST
def replies(request: EmployeeRequest, number: int) -> HttpResponse:
    """Queue a reply or a forward; on any refusal everything that was typed comes back.

    A page that sends by script gets what to show in its place, or where to go.
    """
    case = find_case(request.user, number)
    kind = kind_of(request.POST)
    offered = choices(case, request.user)
    try:
        draft = read_draft(request, case, kind, offered.from_addresses)
        check(case, draft, offered.people.own)
        if draft.expected_version not in {0, case.version}:
            return _refused(request, case, 409, news=_news(request, case))
        if "anyway" not in request.POST and (doubts := cautions(case, draft, offered.people)):
            return _refused(request, case, 422, cautions=doubts)
        sent = reply(case, request.user, draft, offered.people)
    except StaleCaseError:
        return _refused(request, find_case(request.user, number), 409, news=_news(request, case))
    except (CannotSendError, CaseError) as error:
        return _refused(request, case, 422, problem=str(error))
    presence.stop_typing(case, request.user)
    tell_sent(request, sent)
    return _go(request, f"{reverse('case', args=[number])}?{_list_query(request)}#message-{sent.message_id}")


@employee_page
@require_POST
def notes(request: EmployeeRequest, number: int) -> HttpResponse:
    """Light agents may note. '@Name' calls a colleague."""
    case = find_case(request.user, number)
    text = request.POST.get("text", "").replace("\r\n", "\n")
    try:
        message = case.note(text, by=request.user, mentions=_mentioned(request, text))
    except ValueError as error:
        return _refused(request, case, 422, problem=str(error), is_note=True)
    WrittenDraft.objects.filter(case=case, employee=request.user, kind=DraftKind.NOTE).delete()
    presence.stop_typing(case, request.user)
    return _go(request, f"{reverse('case', args=[number])}?{_list_query(request)}#message-{message.pk}")


@writer_page
@require_POST
def forwards(request: EmployeeRequest, number: int) -> HttpResponse:
    """Begin to pass a mail on: a draft with its files. `message`: which; without it the latest that came in."""
    case = find_case(request.user, number)
    wanted = request.POST.get("message", "")
    pk = find_message(request.user, int(wanted)).pk if wanted.isdecimal() and len(wanted) < 18 else None
    message = forward.forwarded(case, pk)
    if message is None:
        messages.error(request, _("There is no mail in this case that could be forwarded."))
        return redirect("case", number)
    drafts.begin_forward(case, request.user, message)
    return redirect(f"{reverse('case', args=[number])}?compose=forward&{_list_query(request)}#forward")


@writer_page
@require_POST
def reply_undo(request: EmployeeRequest, pk: int) -> HttpResponse:
    """Take a queued mail back: the composer opens again with everything that was in it."""
    row = OutboundEmail.objects.filter(pk=pk, organisation_id=request.user.organisation_id).first()
    if row is None or row.case is None:
        raise Http404
    kind = row.message.kind if row.message else ""
    try:
        undo(row, by=request.user, keeps_draft=True)
    except CannotSendError as error:
        messages.error(request, str(error))
        return redirect("case", row.case.number)
    tab = DraftKind.FORWARD if kind == DraftKind.FORWARD else DraftKind.REPLY
    return redirect(f"{reverse('case', args=[row.case.number])}?compose={tab}#{tab}")


def tell_sent(request: EmployeeRequest, sent: OutboundEmail) -> None:
    """The toast with its ten seconds, or when it will leave."""
    if sent.is_scheduled:
        when = formats.date_format(timezone.localtime(sent.send_at), "j M Y, H:i")
        messages.success(request, _("Reply is sent on %(when)s") % {"when": when})
    else:
        messages.success(request, _("Reply sends in 10 s"), extra_tags=reverse("reply-undo", args=[sent.pk]))


def _refused(
    request: EmployeeRequest,
    case: Case,
    status: int,
    *,
    problem: str = "",
    cautions: list[Caution] | None = None,
    news: list[Message] | None = None,
    is_note: bool = False,
) -> HttpResponse:
    """Nothing was sent, what was typed is kept, and the person decides."""
    composer = typed_values(request) | {
        "problem": problem,
        "cautions": cautions or [],
        "is_conflict": status == 409,
        "news": news or [],
        "after": request.POST.get("anyway") or request.POST.get("after", "waiting"),
        "is_note": is_note,
        "kind": DraftKind.NOTE if is_note else kind_of(request.POST),
    }
    if request.headers.get("X-Requested-With") == "caseway":
        latest = case.messages.order_by("-pk").values_list("pk", flat=True).first() or 0
        context = {"case": case, "composer": composer, "latest": latest}
        return render(request, "cases/_refused.html", context, status=status)
    return show_case(request, case, status=status, composer=composer)


def _news(request: EmployeeRequest, case: Case) -> list[Message]:
    """What was written in the case since the writer saw it."""
    seen = number(request.POST.get("seen", ""))
    if not seen:
        return []
    rows = case.messages.filter(pk__gt=seen, is_automatic=False).exclude(employee=request.user)
    wanted = [Direction.OUT, Direction.IN, Direction.NOTE]
    found = list(rows.select_related("employee", "contact").order_by("-pk")[:MOST_NEWS])
    return sorted(found, key=lambda one: (wanted.index(Direction(one.direction)), -one.pk))


def _mentioned(request: EmployeeRequest, text: str) -> list[Employee]:
    if "@" not in text:
        return []
    people = Employee.objects.active().filter(organisation_id=request.user.organisation_id)
    chosen = [int(pk) for pk in request.POST.getlist("mentions") if pk.isdecimal() and len(pk) < 18]
    return mentioned(text, people, chosen)


def _go(request: EmployeeRequest, place: str) -> HttpResponse:
    if request.headers.get("X-Requested-With") == "caseway":
        return JsonResponse({"go": place})
    return redirect(place)


def _list_query(request: EmployeeRequest) -> str:
    return f"list={request.POST['list']}" if request.POST.get("list", "").replace("-", "").isalnum() else ""
