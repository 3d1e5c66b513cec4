"""What a person should look at before a mail leaves. Each is a question, and one click answers it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from caseway.cases.models import Case, Direction, DraftKind
from caseway.outbound.recipients import People, warnings
from caseway.outbound.reply import ReplyDraft

ATTACHMENT_WORDS = re.compile(
    r"\b(?:attach(?:ed|ment|ments|ing)?|enclosed|enclosure"  # en
    r"|anhang|anhänge|angehängt\w*|anbei|beigefügt\w*|beiliegend\w*|(?:in|als)\s+(?:der\s+)?anlage"  # de
    r"|pi[eè]ces?\s+jointes?|ci-joint\w*|en\s+annexe|joins\s+le"  # fr
    r"|adjunt[oa]s?|adjuntar|adjuntamos"  # es
    r"|anex[oa]s?|anexad[oa]s?|anexamos|em\s+anexo)\b"  # pt
    r"|添付|同封"  # ja
    r"|مرفق|أرفق|ارفق",  # ar
    re.IGNORECASE,
)
"""Words that promise a file, in the languages of the workspace."""
RUN = 6
"""So many words of a note in a row are a quotation."""
RUN_OF_LETTERS = 14
"""The same for languages that write no spaces."""


@dataclass(frozen=True, slots=True)
class Caution:
    """One thing to look at."""

    kind: str
    """'attachment', 'third party', 'unverified', 'sender', 'note' or 'subject'."""
    detail: str = ""
    """The word, address or words that it is about."""


def cautions(case: Case | None, draft: ReplyDraft, people: People | None) -> list[Caution]:
    """Everything to look at before `draft` leaves. `case` and `people` are None for the first mail of a new case."""
    found = [*_attachment(draft), *_subject(draft)]
    if case is not None and people is not None:
        new = warnings(case, (*draft.to, *draft.cc, *draft.bcc), people)
        # A forward goes to somebody new: that is what it is for.
        is_meant = draft.kind == DraftKind.FORWARD
        found += [Caution(one.kind, one.email) for one in new if not (is_meant and one.kind == "third party")]
        found += [*_sender(draft, people), *(_note(case, draft) if people.has_notes else ())]
    return found


def _attachment(draft: ReplyDraft) -> Iterator[Caution]:
    word = ATTACHMENT_WORDS.search(draft.text)
    if word and not draft.files:
        yield Caution("attachment", word[0])


def _subject(draft: ReplyDraft) -> Iterator[Caution]:
    if draft.kind in {DraftKind.NEW, DraftKind.FORWARD} and not draft.subject.strip():
        yield Caution("subject")


def _sender(draft: ReplyDraft, people: People) -> Iterator[Caution]:
    """The mail answered claims a sender that its signs (SPF, DKIM, DMARC) do not bear out."""
    answered = people.answered
    if answered is None or not answered.is_unverified or draft.kind == DraftKind.FORWARD:
        return
    if answered.from_email.lower() in {one.email.lower() for one in draft.to}:
        yield Caution("sender", answered.from_email)


def _note(case: Case, draft: ReplyDraft) -> Iterator[Caution]:
    written = _runs(draft.text)
    if not written:
        return
    entries = case.messages.order_by("-pk").values_list("direction", "new_text")[:200]
    public = {run for direction, text in entries if direction != Direction.NOTE for run in _runs(text)}
    for direction, text in entries:
        if direction == Direction.NOTE and (shared := (_runs(text) & written) - public):
            yield Caution("note", min(shared))
            return


def _runs(text: str) -> set[str]:
    """Every run of words (or letters, where no spaces are written) that is long enough to be a quotation."""
    words = re.findall(r"\w+", text.casefold()[:50_000])
    runs = {" ".join(words[at : at + RUN]) for at in range(len(words) - RUN + 1)}
    for word in words:
        if len(word) >= RUN_OF_LETTERS and not word.isascii():
            runs |= {word[at : at + RUN_OF_LETTERS] for at in range(len(word) - RUN_OF_LETTERS + 1)}
    return runs
