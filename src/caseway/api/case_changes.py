"""`/cases/{number}/…`: each change of a case under its own word. Every one answers with the case as it is then."""

from __future__ import annotations

from ninja import Router

from caseway.api import case_json, found
from caseway.api.authentication import ApiRequest
from caseway.api.schemas.case_changes import (
    Assignment,
    Change,
    NeedByChange,
    PriorityChange,
    StatusChange,
    TagsChange,
    TypeChange,
)
from caseway.api.schemas.cases import CaseAnswer

router = Router(tags=["Cases"], by_alias=True)


@router.post("/{number}/assign", response=CaseAnswer, summary="Assign a case", url_name="assign-case")
def assign_case(request: ApiRequest, number: str, to: Assignment) -> CaseAnswer:
    """To an employee or a team; with neither to nobody."""
    case = found.case(request, number)
    employee, team = found.assignee(request, to.employee, to.team)
    case.assign(employee, team, by=request.auth, expected_version=to.version or 0)
    return case_json.whole(case)


@router.post("/{number}/status", response=CaseAnswer, summary="Set the status", url_name="case-status")
def set_status(request: ApiRequest, number: str, change: StatusChange) -> CaseAnswer:
    """New, open, waiting or closed. A case that has the status already stays as it is."""
    case = found.case(request, number)
    case.set_status(change.status, by=request.auth, expected_version=change.version or 0)
    return case_json.whole(case)


@router.post("/{number}/close", response=CaseAnswer, summary="Close a case", url_name="close-case")
def close_case(request: ApiRequest, number: str, change: Change | None = None) -> CaseAnswer:
    """The matter is settled. A reply of the customer opens it again, within the days that the organisation set."""
    case = found.case(request, number)
    case.close(by=request.auth, expected_version=_version(change))
    return case_json.whole(case)


@router.post("/{number}/reopen", response=CaseAnswer, summary="Reopen a case", url_name="reopen-case")
def reopen_case(request: ApiRequest, number: str, change: Change | None = None) -> CaseAnswer:
    """A closed case becomes open."""
    case = found.case(request, number)
    case.reopen(by=request.auth, expected_version=_version(change))
    return case_json.whole(case)


@router.post("/{number}/priority", response=CaseAnswer, summary="Set the priority", url_name="case-priority")
def set_priority(request: ApiRequest, number: str, change: PriorityChange) -> CaseAnswer:
    """Low, normal, high or urgent."""
    case = found.case(request, number)
    case.set_priority(change.priority, by=request.auth, expected_version=change.version or 0)
    return case_json.whole(case)


@router.post("/{number}/type", response=CaseAnswer, summary="Set the type", url_name="case-type")
def set_type(request: ApiRequest, number: str, change: TypeChange) -> CaseAnswer:
    """Any short word or two; empty for none."""
    case = found.case(request, number)
    case.set_type(change.type, by=request.auth, expected_version=change.version or 0)
    return case_json.whole(case)


@router.post("/{number}/tags", response=CaseAnswer, summary="Set the tags", url_name="case-tags")
def set_tags(request: ApiRequest, number: str, change: TagsChange) -> CaseAnswer:
    """Exactly the tags given; an empty list removes all."""
    case = found.case(request, number)
    case.set_tags(change.tags, by=request.auth, expected_version=change.version or 0)
    return case_json.whole(case)


@router.post("/{number}/need-by", response=CaseAnswer, summary="Set the need-by date", url_name="case-need-by")
def set_need_by(request: ApiRequest, number: str, change: NeedByChange) -> CaseAnswer:
    """The day by which the customer needs it settled; null for none."""
    case = found.case(request, number)
    case.set_need_by(change.need_by, by=request.auth, expected_version=change.version or 0)
    return case_json.whole(case)


def _version(change: Change | None) -> int:
    return (change.version or 0) if change else 0
