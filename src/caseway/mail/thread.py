"""To which case a message belongs: keys out of the message, candidates in, a choice with its evidence.

Threading is strict. In this order: our own signed token; a case that the sender takes part in, by a known Message-ID,
then by the case tag in the subject; a case whose Message-ID the message answers, which a sender who is new to it joins
unverified. Otherwise no case, at most a related one: a number that a stranger quotes opens nothing
(docs/decisions/threading-tokens.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from caseway.mail.model import Address, Candidate, Match, MessageId, ParsedEmail, Rejected, ThreadKeys, TokenClaim
from caseway.mail.token import Signer

__all__ = ["Signer", "case_tag", "choose", "same_subject", "thread_keys"]

TAG = re.compile(r"\[\s{0,3}CW\s{0,3}-\s{0,3}([0-9]{1,12})\s{0,3}\]", re.IGNORECASE)
TAGS_LIMIT = 5
IDENTIFIERS_LIMIT = 100
"""In-Reply-To and References that are looked up; the latest and the first of a longer list say the same."""
ADDRESSES_LIMIT = 200
BOGUS_IDENTIFIERS = frozenset({"nil", "null", "none", "undefined", "unknown", "empty", "message-id", "localhost"})
"""Words that broken clients write for 'no identifier'. As a match they would join strangers' mail."""
SHORTEST_IDENTIFIER = 6
"""QUIRK: git-send-email users answered the In-Reply-To prompt with 'y' or 'n'."""


def case_tag(number: int) -> str:
    """What subjects carry: `[CW-1042]`."""
    return f"[CW-{number}]"


def thread_keys(email: ParsedEmail, signer: Signer | None) -> ThreadKeys:
    """Everything in `email` that may name a case, strongest first. Without a signer no token counts."""
    replied = _identifiers(email.in_reply_to)
    referenced = _identifiers(reversed(email.references))
    message_ids = tuple(dict.fromkeys([*replied, *_ends(referenced, IDENTIFIERS_LIMIT)]))
    tokens = tuple(_claims(email, signer)) if signer else ()
    numbers = tuple(dict.fromkeys(int(digits) for digits in TAG.findall(email.subject[:10_000])))
    return ThreadKeys(tokens=tokens, message_ids=message_ids, case_numbers=numbers[:TAGS_LIMIT])


def choose(keys: ThreadKeys, candidates: Sequence[Candidate], sender: Address) -> Match | Rejected:
    """The case that `keys` prove, among `candidates` (of the receiving organisation only), and why.

    A candidate of a merged case stands for the case it went into.
    """
    takes_part = sender.key
    ordered = _in_order_of_evidence(keys, candidates)
    for candidate in ordered:
        is_participant = bool(takes_part) and takes_part in candidate.participants
        if candidate.by == "token" or is_participant:
            return _match(candidate, sender, is_participant=is_participant)
    related = next(iter(ordered), None)
    if related is not None and takes_part and _is_answered(related, keys):
        return _match(related, sender, is_participant=False)
    if related is None:
        return Rejected(None, "Nothing in the message names a case that we know.")
    why = f"{_named(related)}, but {_who(sender)} does not take part in it, so nothing was joined."
    return Rejected(_survivor(related), why)


def _match(candidate: Candidate, sender: Address, *, is_participant: bool) -> Match:
    return Match(
        case=_survivor(candidate),
        evidence=_evidence(candidate, sender, is_participant=is_participant),
        by=candidate.by,
        is_new_participant=not is_participant,
    )


def _is_answered(candidate: Candidate, keys: ThreadKeys) -> bool:
    """Whether the message itself names one of the case's messages.

    Not the other way round: a stranger's case that names this message could have been made to catch it.
    """
    return candidate.by == "message_id" and candidate.key in keys.message_ids


def same_subject(one: str, other: str) -> bool:
    """Whether two subjects are one but for reply and forward marks, case tags, white space and case.

    One that stands within the other counts: gateways and people add words, such as [EXTERNAL]. So does none.
    """
    first, second = _bare_subject(one), _bare_subject(other)
    return first in second or second in first


def _claims(email: ParsedEmail, signer: Signer) -> Iterator[TokenClaim]:
    seen: set[tuple[int, int, int]] = set()
    addresses = [*(a.email for a in (*email.to, *email.cc)), *email.delivered_to]
    sources = (
        ("In-Reply-To", _identifiers(email.in_reply_to)),
        ("References", _ends(_identifiers(reversed(email.references)), IDENTIFIERS_LIMIT)),
        ("address", addresses[:ADDRESSES_LIMIT]),
    )
    for where, texts in sources:
        for text in texts:
            claim = signer.claim(text, where)
            if claim and (claim.organisation, claim.case, claim.message) not in seen:
                seen.add((claim.organisation, claim.case, claim.message))
                yield claim


def _identifiers(values: Iterable[MessageId]) -> list[MessageId]:
    """Without the empty and the bogus: they match nothing."""
    cleaned = (value.strip().strip("<>").strip() for value in values)
    return [value for value in dict.fromkeys(cleaned) if _is_identifier(value)]


def _is_identifier(value: MessageId) -> bool:
    if len(value) < SHORTEST_IDENTIFIER or value.lower() in BOGUS_IDENTIFIERS:
        return False
    local, at, domain = value.partition("@")
    return bool(local and domain) if at else len(value) >= 16


def _ends(values: list[MessageId], limit: int) -> list[MessageId]:
    """At most `limit` values, the latest and, last of all, the first of the thread."""
    return values if len(values) <= limit else [*values[: limit - 1], values[-1]]


def _in_order_of_evidence(keys: ThreadKeys, candidates: Sequence[Candidate]) -> list[Candidate]:
    tokens = {claim.case: rank for rank, claim in reversed(list(enumerate(keys.tokens)))}
    identifiers = {identifier: rank for rank, identifier in enumerate(keys.message_ids)}
    numbers = {str(number): rank for rank, number in enumerate(keys.case_numbers)}

    def strength(candidate: Candidate) -> tuple[int, int]:
        match candidate.by:
            case "token":
                return 0, tokens.get(candidate.case, len(tokens))
            case "message_id":
                return 1, identifiers.get(candidate.key, len(identifiers))
            case "sibling":
                return 2, identifiers.get(candidate.key, len(identifiers))
            case _:
                return 3, numbers.get(candidate.key, len(numbers))

    # A 'token' that the keys do not hold was not proven: it counts as no evidence at all.
    proven = [c for c in candidates if c.by != "token" or c.case in tokens]
    return sorted(proven, key=strength)


def _survivor(candidate: Candidate) -> int:
    return candidate.case if candidate.merged_into is None else candidate.merged_into


def _evidence(candidate: Candidate, sender: Address, *, is_participant: bool) -> str:
    part = f"{_who(sender)} takes part in it" if is_participant else f"{_who(sender)} is new to it and unverified"
    merged = " That case was merged, so the message joins the one it went into." if candidate.merged_into else ""
    return f"{_named(candidate)}, and {part}.{merged}"


def _named(candidate: Candidate) -> str:
    case = f"CW-{candidate.case_number}"
    match candidate.by:
        case "token" if candidate.where == "address":
            return f"It was sent to our signed reply address of {case}"
        case "token":
            return f"{candidate.where or 'A header'} holds our signed Message-ID of {case}"
        case "message_id":
            return f"{candidate.where or 'In-Reply-To or References'} names a message of {case} ({candidate.key[:120]})"
        case "sibling":
            return f"It answers the same message as one of {case} ({candidate.key[:120]})"
        case _:
            return f"The subject names {case}"


def _who(sender: Address) -> str:
    return sender.email or "the sender, who gave no address,"


def _bare_subject(subject: str) -> str:
    words = TAG.sub(" ", subject[:2_000]).replace("：", ": ").casefold().split()
    start = 0
    while start < len(words) and len(words[start]) <= 12 and words[start].endswith(":"):
        start += 1
    return " ".join(words[start:])
