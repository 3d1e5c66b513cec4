"""Cases that a mail may belong to; the choice among them is made in `mail.thread`."""

from __future__ import annotations

from collections.abc import Iterable

from caseway.intake.conversations import Conversation
from caseway.intake.known import Known
from caseway.intake.read import Reading
from caseway.mail.model import Candidate


def candidates(organisation_id: int, reading: Reading, known: Known, *, is_copy: bool = False) -> list[Candidate]:
    """Every case of the organisation that the mail's keys name, with who takes part in it.

    `is_copy`: the same mail came before by another address, and is to make a case for each.
    """
    found: list[tuple[int, str, str, str]] = []
    keys = reading.keys
    found += [
        (known.case_of_claim(claim), "token", "", claim.where)
        for claim in keys.tokens
        if claim.organisation == organisation_id
    ]
    found += [
        (case, "message_id", identifier, "") for case, identifier in known.cases_by_identifier(reading, is_copy=is_copy)
    ]
    found += [(case, "sibling", identifier, "") for case, identifier in known.cases_of_siblings(reading)]
    for number in keys.case_numbers:
        if (pk := known.conversations.numbered(number)) is not None:
            found.append((pk, "case_number", str(number), "subject"))
    ours = frozenset([reading.email.sender.key]) if reading.is_from_us else frozenset()
    return list(_with_participants(dict.fromkeys(found), known, ours))


def _with_participants(
    found: Iterable[tuple[int, str, str, str]], known: Known, ours: frozenset[str]
) -> Iterable[Candidate]:
    for pk, by, key, where in found:
        named, survivor = known.conversations.of(pk), known.conversations.survivor(pk)
        if named is None or survivor is None:
            continue
        yield Candidate(
            case=pk,
            case_number=named.case.number,
            by=by,
            key=key,
            participants=ours | _verified(named) | _verified(survivor),
            merged_into=survivor.case.pk if survivor is not named else None,
            where=where,
        )


def _verified(conversation: Conversation) -> frozenset[str]:
    return frozenset(key for key, is_verified in conversation.participants.items() if is_verified)
