"""Cases that a mail may belong to; the choice among them is made in `mail.thread`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from caseway.accounts.together import flush_if_new
from caseway.cases.models import Case, Participant
from caseway.intake.known import Known
from caseway.intake.read import Reading
from caseway.mail.model import Candidate


def candidates(organisation_id: int, reading: Reading, known: Known) -> list[Candidate]:
    """Every case of the organisation that the mail's keys name, with who takes part in it."""
    found: list[tuple[int, str, str, str]] = []
    keys = reading.keys
    found += [
        (known.case_of_claim(claim), "token", "", claim.where)
        for claim in keys.tokens
        if claim.organisation == organisation_id
    ]
    found += [(case, "message_id", identifier, "") for case, identifier in known.cases_by_identifier(reading)]
    found += [(case, "sibling", identifier, "") for case, identifier in known.cases_of_siblings(reading)]
    if keys.case_numbers:
        numbered = Case.objects.filter(organisation_id=organisation_id, number__in=keys.case_numbers)
        found += [(pk, "case_number", str(number), "subject") for pk, number in numbered.values_list("pk", "number")]
    ours = frozenset([reading.email.sender.key]) if reading.is_from_us else frozenset()
    return list(_with_participants(organisation_id, found, ours))


def _with_participants(
    organisation_id: int, found: list[tuple[int, str, str, str]], ours: frozenset[str]
) -> Iterable[Candidate]:
    pks = {case for case, *_ in found}
    if not pks:
        return
    for pk in pks:
        flush_if_new(Case, pk)
    cases = Case.objects.filter(organisation_id=organisation_id, pk__in=pks)
    rows = {pk: (number, merged) for pk, number, merged in cases.values_list("pk", "number", "merged_into_id")}
    people: dict[int, set[str]] = defaultdict(set)
    survivors = {merged or pk for pk, (_, merged) in rows.items()}
    for case_id, key in Participant.objects.filter(case_id__in=survivors | set(rows), is_verified=True).values_list(
        "case_id", "key"
    ):
        people[case_id].add(key)
    for pk, by, key, where in dict.fromkeys(found):
        if pk not in rows:
            continue
        number, merged = rows[pk]
        takes_part = ours | people[pk] | people[merged or pk]
        yield Candidate(
            case=pk,
            case_number=number,
            by=by,
            key=key,
            participants=takes_part,
            merged_into=merged,
            where=where,
        )
