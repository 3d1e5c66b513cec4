"""`/mail`: what is known of a Message-ID, whose mail is ignored, and what Caseway paused by itself."""

from __future__ import annotations

from typing import Literal, cast

from django.http import HttpResponse
from ninja import Query as FromQuery
from ninja import Router
from ninja.responses import Status as Answered
from pydantic import Field

from caseway.api.authentication import ApiRequest, require_administrator
from caseway.api.problems import invalid, not_found
from caseway.api.schemas.base import Id, Query
from caseway.api.schemas.mail import Account, NewSenderRule, PauseAnswer, SenderRuleAnswer
from caseway.intake import decisions
from caseway.intake.models import SenderRule
from caseway.intake.search import account_of, identifier_of
from caseway.outbound.models import Pause

router = Router(tags=["Mail"], by_alias=True)


class AccountQuery(Query):
    message_id: str = Field(min_length=1, max_length=600, examples=["<CAF2a@mail.ehlers.example>"])


@router.get("/account", response=Account, summary="What became of a Message-ID", url_name="mail-account")
def account(request: ApiRequest, query: FromQuery[AccountQuery]) -> Account:
    """Received when and where, delivered to which case, ignored or held why, failed how, sent by us, or never seen."""
    require_administrator(request)
    sentences = account_of(request.auth.organisation_id, query.message_id)
    known = bool(sentences) and not sentences[0].startswith("Never seen")
    return Account(message_id=identifier_of(query.message_id), is_known=known, sentences=sentences)


@router.get("/ignored-senders", response=list[SenderRuleAnswer], summary="List ignored senders", url_name="ignored")
def ignored_senders(request: ApiRequest) -> list[SenderRuleAnswer]:
    """Senders whose mail is kept in the ledger and makes no case."""
    require_administrator(request)
    rules = SenderRule.objects.filter(organisation_id=request.auth.organisation_id).select_related("created_by")
    return [_rule(rule) for rule in rules.order_by("key")]


@router.post("/ignored-senders", response={201: SenderRuleAnswer}, summary="Ignore a sender", url_name="ignore")
def ignore_sender(request: ApiRequest, new: NewSenderRule) -> Answered[SenderRuleAnswer]:
    """From now on. What is held of a flood of theirs is ignored too. Once more: the rule that is there."""
    require_administrator(request)
    try:
        rule = decisions.ignore_sender(new.sender, by=request.auth)
    except decisions.NotPossibleError as error:
        raise invalid("sender", str(error)) from error
    return Answered(201, _rule(rule))


@router.delete(
    "/ignored-senders/{rule_id}", response={204: None}, summary="Take a sender's mail again", url_name="heed"
)
def listen_again(request: ApiRequest, rule_id: Id) -> HttpResponse:
    """From now on; what was ignored stays in the ledger and may be processed again."""
    require_administrator(request)
    rule = SenderRule.objects.filter(organisation_id=request.auth.organisation_id, pk=rule_id).first()
    if rule is None:
        raise not_found(f"ignored sender {rule_id}")
    decisions.listen_again(rule, by=request.auth)
    return HttpResponse(status=204)


@router.get("/pauses", response=list[PauseAnswer], summary="List what is paused", url_name="pauses")
def pauses(request: ApiRequest) -> list[PauseAnswer]:
    """Acknowledgements, floods and sending that Caseway stopped by itself, the latest first."""
    require_administrator(request)
    return [_pause(row) for row in Pause.objects.active().filter(organisation_id=request.auth.organisation_id)]


@router.post("/pauses/{pause_id}/resume", response=PauseAnswer, summary="Resume", url_name="resume")
def resume(request: ApiRequest, pause_id: Id) -> PauseAnswer:
    """Lets it go on. Mail that was held is let through and not acknowledged."""
    require_administrator(request)
    row = Pause.objects.filter(organisation_id=request.auth.organisation_id, pk=pause_id).first()
    if row is None:
        raise not_found(f"pause {pause_id}")
    decisions.resume(row, by=request.auth)
    return _pause(row)


def _rule(rule: SenderRule) -> SenderRuleAnswer:
    by = rule.created_by.name if rule.created_by else None
    return SenderRuleAnswer(id=rule.pk, sender=rule.key, created_by=by, created_at=rule.created_at)


def _pause(row: Pause) -> PauseAnswer:
    return PauseAnswer(
        id=row.pk,
        kind=cast(Literal["acknowledgements", "flood", "sending"], row.kind),
        key=row.key,
        reason=row.reason,
        started_at=row.started_at,
        until=row.until,
    )
