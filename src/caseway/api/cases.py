"""`/cases`: list, read, create, delete and restore."""

from __future__ import annotations

from django.db.models import Q
from ninja import Query as FromQuery
from ninja import Router
from ninja.responses import Status as Answered

from caseway.api import case_json, found, paging, repeats
from caseway.api.authentication import ApiRequest
from caseway.api.problems import invalid
from caseway.api.schemas.case_changes import NewCase
from caseway.api.schemas.cases import CaseAnswer, CaseList, CaseQuery
from caseway.cases import lists
from caseway.cases.models import Case, Source
from caseway.cases.models.case import CaseQuerySet
from caseway.cases.opening import open_by_hand

router = Router(tags=["Cases"], by_alias=True)


@router.get("", response=CaseList, summary="List cases", url_name="cases")
def list_cases(request: ApiRequest, filters: FromQuery[CaseQuery]) -> CaseList:
    """Cases, latest change first, 50 on a page.

    Filters narrow each other. A case that changes while you page moves to the top; none is skipped or repeated
    below. Deleted cases are in `view=trash` only.
    """
    key = paging.unseal(filters.after) if filters.after else ""
    if key and lists.read_key(key) is None:
        raise paging.bad_cursor()
    page = lists.page(_filtered(request, filters), key, filters.size, related=("created_by", "modified_by"))
    return CaseList(items=[case_json.in_list(case) for case in page.rows], next=paging.seal(page.next) or None)


@router.post("", response={201: CaseAnswer}, summary="Create a case", url_name="create-case")
def create_case(request: ApiRequest, new: NewCase, idempotency_key: repeats.KeyHeader = "") -> Answered[CaseAnswer]:
    """A case that no email began. Nothing is sent to the customer.

    With `Idempotency-Key` a repeat of the request answers with the case that the first one made.
    """
    if not new.subject.strip():
        raise invalid("subject", "A case needs a subject. Say in a few words what it is about.")
    assigned_employee, assigned_team = found.assignee(request, new.employee, new.team)
    contact = found.contact(request, new.contact) if new.contact is not None else None
    email = found.address(new.email, "email").email if new.email else ""

    def make() -> int:
        case = open_by_hand(
            request.auth.organisation,
            by=request.auth,
            subject=new.subject,
            description=new.description,
            contact=contact,
            email=email,
            assigned_employee=assigned_employee,
            assigned_team=assigned_team,
            priority=new.priority,
            type=new.type,
            tags=new.tags,
            need_by=new.need_by,
            source=Source.API,
        )
        return case.number

    number = repeats.once(request, idempotency_key, new, make)
    return Answered(201, case_json.whole(found.case(request, str(number))))


@router.get("/{number}", response=CaseAnswer, summary="Get a case", url_name="case")
def get_case(request: ApiRequest, number: str) -> CaseAnswer:
    """A case with its messages, events, participants and attachments. `1042` and `CW-1042` name the same one."""
    return case_json.whole(found.case(request, number))


@router.delete("/{number}", response={204: None}, summary="Delete a case", url_name="delete-case")
def delete_case(request: ApiRequest, number: str) -> Answered[None]:
    """Into the trash: out of every list until it is restored. Its mail stays in the ledger."""
    found.case(request, number).trash(by=request.auth)
    return Answered(204, None)


@router.post("/{number}/restore", response=CaseAnswer, summary="Restore a deleted case", url_name="restore-case")
def restore_case(request: ApiRequest, number: str) -> CaseAnswer:
    """Out of the trash, as it was."""
    found.deleted_case(request, number).restore(by=request.auth)
    return case_json.whole(found.case(request, number))


def _filtered(request: ApiRequest, filters: CaseQuery) -> CaseQuerySet:
    rows = lists.VIEWS[filters.view].rows(request.auth) if filters.view else Case.objects.visible_to(request.auth)
    for wanted in _wanted(request, filters):
        rows = rows.filter(wanted)
    if filters.unassigned:
        rows = rows.unassigned()
    return lists.search(rows, filters.search) if filters.search else rows


def _wanted(request: ApiRequest, filters: CaseQuery) -> list[Q]:
    """One condition for each filter that is given."""
    wanted: list[Q] = []
    if filters.status:
        wanted.append(Q(status__in=filters.status))
    if filters.priority:
        wanted.append(Q(priority__in=filters.priority))
    if filters.assignee:
        wanted.append(Q(assigned_employee=found.employee(request, filters.assignee, "assignee")))
    if filters.me:
        wanted.append(Q(assigned_employee=request.auth))
    if filters.tag:
        wanted.append(Q(tags__contains=filters.tag))
    if filters.source:
        wanted.append(Q(source=filters.source))
    exact = {"assigned_team_id": filters.team, "contact_id": filters.contact, "customer_id": filters.customer}
    wanted.extend(Q(**{field: value}) for field, value in exact.items() if value is not None)
    return wanted
