"""`Idempotency-Key`: a request that is sent again, for its answer got lost, makes nothing a second time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

from django.db import IntegrityError, transaction
from django.utils import timezone
from ninja import Header
from pydantic import BaseModel

from caseway.api.authentication import ApiRequest
from caseway.api.models import RepeatKey
from caseway.api.problems import KEY_REUSED, ProblemError

REMEMBERED = timedelta(days=7)

KeyHeader = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        max_length=255,
        description="Any text of yours that names this request, such as a UUID. A repeat with the same key within "
        "7 days answers with what the first one made.",
        examples=["5f0c1c9a-8f0e-4a53-9d43-0a4f6f3c1f11"],
    ),
]


def once(request: ApiRequest, key: str, body: BaseModel, make: Callable[[], int]) -> int:
    """What `make` returns (an id or number), or what it returned when the same request came before.

    The key and what it makes commit together; of two at once the later waits, then takes the earlier's. Raises
    ProblemError when the key came with another request.
    """
    if not key:
        return make()
    digest = _digest(str(request.auth.pk), key)
    print_ = _digest(request.method or "", request.path, body.model_dump_json())
    try:
        with transaction.atomic():
            row = RepeatKey.objects.create(organisation_id=request.auth.organisation_id, key=digest, request=print_)
            row.made = make()
            row.save(update_fields=["made"])
            _forget_old()
            return row.made
    except IntegrityError:
        made = RepeatKey.objects.filter(organisation_id=request.auth.organisation_id, key=digest).first()
        if made is None:
            raise  # the clash was another one
    return _as_before(made, print_)


def own_key(request: ApiRequest, key: str) -> str:
    """For what sees to its own happening once: the text to hand on as its key ('' without one)."""
    return f"api:{_digest(str(request.auth.pk), key)}" if key else ""


def same_as_before(request: ApiRequest, key: str, body: BaseModel) -> None:
    """After such a thing happened, or was found to have happened: raises ProblemError when the key was another's."""
    if not key:
        return
    digest = _digest(str(request.auth.pk), key)
    print_ = _digest(request.method or "", request.path, body.model_dump_json())
    row, _ = RepeatKey.objects.get_or_create(
        organisation_id=request.auth.organisation_id, key=digest, defaults={"request": print_}
    )
    _as_before(row, print_)


def _as_before(row: RepeatKey, print_: str) -> int:
    if row.request != print_:
        raise ProblemError(
            KEY_REUSED, "This Idempotency-Key came before with another request. Use a new key for a new request."
        )
    return row.made or 0


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _forget_old() -> None:
    """A few of those past their time; two requests never wait for each other over it."""
    old = RepeatKey.objects.filter(created_at__lt=timezone.now() - REMEMBERED).select_for_update(skip_locked=True)
    RepeatKey.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:20])).delete()
