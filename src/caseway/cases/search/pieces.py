"""Hits as they are shown: the case, and where in it the words are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import Left

from caseway.cases.models import Attachment, Case, Message
from caseway.cases.search.index import Candidate
from caseway.cases.search.query import Term
from caseway.cases.search.snippets import MOST_READ, Pieces, has_match, highlight, pattern_of, snippet


@dataclass(frozen=True, slots=True)
class Hit:
    """A case that was found. Pieces are (text, whether it is a match), to be escaped like any text."""

    case: Case
    snippet: Pieces
    title: Pieces
    who: Pieces
    message: int = 0
    """Id of the message that the snippet is from; 0 when it is the case's own words."""


def hits_of(
    cases: Mapping[int, Case],
    candidates: Sequence[Candidate],
    terms: Sequence[Term],
    others: dict[str, list[str]],
) -> list[Hit]:
    """The candidates' cases, in the same order, each with the place where the words are."""
    pattern = pattern_of(terms, others)
    texts = _texts([candidate.document for candidate in candidates if candidate.document > 0], pattern)
    hits = []
    for candidate in candidates:
        case = cases.get(candidate.case)
        if case is None:  # gone since it was found
            continue
        text = texts.get(candidate.document) or (case.description if candidate.document < 0 else "")
        who = case.contact.name if case.contact else case.email
        hits.append(
            Hit(
                case,
                snippet(text or case.preview, pattern),
                highlight(case.subject, pattern),
                highlight(who, pattern),
                max(candidate.document, 0),
            )
        )
    return hits


def _texts(ids: list[int], pattern: re.Pattern[str] | None) -> dict[int, str]:
    """For each message the text in which the words are: what is new in it, all of it, or the names of its files."""
    if not ids:
        return {}
    files = Attachment.objects.filter(message=OuterRef("pk"), is_inline=False).order_by("pk").values("name")
    rows = Message.objects.filter(pk__in=ids).annotate(
        beginning=Left("new_text", MOST_READ), whole=Left("text", MOST_READ), files=ArraySubquery(files)
    )
    found: dict[int, str] = {}
    for pk, beginning, whole, name, email, names in rows.values_list(
        "pk", "beginning", "whole", "from_name", "from_email", "files"
    ):
        sender = f"{name} <{email}>" if email else name
        if has_match(beginning, pattern) or pattern is None:
            found[pk] = beginning
        elif has_match(whole, pattern):
            found[pk] = whole
        elif has_match(sender, pattern):
            found[pk] = f"{sender}: {beginning}"
        else:
            file = next((name for name in names if has_match(name, pattern)), "")
            found[pk] = f"{file} · {beginning}" if file else beginning
    return found
