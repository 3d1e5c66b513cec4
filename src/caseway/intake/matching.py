"""Cases that a mail may belong to: one query for each kind of evidence, the choice being made in `mail.thread`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from caseway.cases.models import Case, Message, Participant
from caseway.intake.read import Reading
from caseway.mail.model import Candidate


def candidates(organisation_id: int, reading: Reading) -> list[Candidate]:
    """Every case of the organisation that the mail's keys name, with who takes part in it."""
    found: list[tuple[int, str, str, str]] = []
    keys = reading.keys
    found += [(claim.case, "token", "", claim.where) for claim in keys.tokens if claim.organisation == organisation_id]
    found += [(case, "message_id", identifier, "") for case, identifier in _by_identifier(organisation_id, reading)]
    if keys.case_numbers:
        numbered = Case.objects.filter(organisation_id=organisation_id, number__in=keys.case_numbers)
        found += [(pk, "case_number", str(number), "subject") for pk, number in numbered.values_list("pk", "number")]
    ours = frozenset([reading.email.sender.key]) if reading.is_from_us else frozenset()
    return list(_with_participants(organisation_id, found, ours))


def _by_identifier(organisation_id: int, reading: Reading) -> Iterable[tuple[int, str]]:
    """Cases with a message that this one names, or with one that names this: an answer may arrive first."""
    messages = Message.objects.filter(organisation_id=organisation_id)
    if reading.keys.message_ids:
        named = messages.filter(message_identifier__in=reading.keys.message_ids)
        yield from named.values_list("case_id", "message_identifier")
    if own := reading.email.message_id:
        for case in messages.filter(references__contains=[own]).values_list("case_id", flat=True):
            yield case, own


def _with_participants(
    organisation_id: int, found: list[tuple[int, str, str, str]], ours: frozenset[str]
) -> Iterable[Candidate]:
    pks = {case for case, *_ in found}
    if not pks:
        return
    rows = {case.pk: case for case in Case.objects.filter(organisation_id=organisation_id, pk__in=pks)}
    people: dict[int, set[str]] = defaultdict(set)
    survivors = {case.merged_into_id or pk for pk, case in rows.items()}
    for case_id, key in Participant.objects.filter(case_id__in=survivors | set(rows), is_verified=True).values_list(
        "case_id", "key"
    ):
        people[case_id].add(key)
    for pk, by, key, where in dict.fromkeys(found):
        case = rows.get(pk)
        if case is None:
            continue
        takes_part = ours | people[pk] | people[case.merged_into_id or pk]
        yield Candidate(
            case=pk,
            case_number=case.number,
            by=by,
            key=key,
            participants=takes_part,
            merged_into=case.merged_into_id,
            where=where,
        )
