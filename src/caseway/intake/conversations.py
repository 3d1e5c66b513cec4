"""The cases that the mails of one batch may belong to, read together and kept right while the batch is delivered."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Count, Q
from django.utils import timezone

from caseway.accounts.models import Employee
from caseway.accounts.together import add
from caseway.cases.models import Case, Direction, Follower, Message, Participant
from caseway.mail.model import Address
from caseway.outbound.schedule import has_scheduled

HOUR = datetime.timedelta(hours=1)
LONGEST_CHAIN = 20
"""A case merged into one that was merged, and so on: more steps than people make."""


@dataclass(slots=True)
class Conversation:
    """What delivering asks of a case."""

    case: Case
    participants: dict[str, bool] = field(default_factory=dict)
    """Address key to whether it is verified."""
    followers: list[Employee] = field(default_factory=list)
    has_answer: bool = False
    """A person of ours has written to the customer."""
    has_scheduled: bool = False
    written: Counter[str] = field(default_factory=Counter)
    """Messages of the last hour by sender's address."""


class Conversations:
    """Cases by id. With `locks` each is locked for change until the transaction ends, in the order of ids."""

    def __init__(self, organisation_id: int, *, locks: bool) -> None:
        self._organisation_id = organisation_id
        self._locks = locks
        self._known: dict[int, Conversation] = {}
        self._by_number: dict[int, int] = {}

    def of(self, pk: int) -> Conversation | None:
        """The conversation of a case of this organisation; None when there is no such case."""
        if pk not in self._known:
            self.read([pk])
        return self._known.get(pk)

    def survivor(self, pk: int) -> Conversation | None:
        """The same, of the case that this one was merged into, if it was."""
        found = self.of(pk)
        for _ in range(LONGEST_CHAIN):
            if found is None or found.case.merged_into_id is None:
                break
            found = self.of(found.case.merged_into_id)
        return found

    def numbered(self, number: int) -> int | None:
        """The id of the case with that number, among those read."""
        return self._by_number.get(number)

    def read(self, pks: Iterable[int], numbers: Iterable[int] = ()) -> None:
        """Read the cases with these ids or numbers, and those that they were merged into."""
        wanted, by_number = set(pks) - set(self._known), list(numbers)
        fresh: dict[int, Conversation] = {}
        for _ in range(LONGEST_CHAIN):
            if not wanted and not by_number:
                break
            named = Q(pk__in=wanted) | Q(number__in=by_number) if by_number else Q(pk__in=wanted)
            rows = Case.objects.filter(named, organisation_id=self._organisation_id).order_by("pk")
            rows = rows.select_related("assigned_employee")
            locked = rows.select_for_update(of=("self",)) if self._locks else rows
            found = {row.pk: Conversation(row) for row in locked}
            fresh |= {pk: one for pk, one in found.items() if pk not in self._known}
            merged = {one.case.merged_into_id for one in found.values()}
            wanted, by_number = {pk for pk in merged if pk is not None and pk not in fresh} - set(self._known), []
        if fresh:
            self._describe(fresh)
            for pk, conversation in fresh.items():
                self._keep(pk, conversation)

    def opened(self, case: Case, sender: Address) -> None:
        """A mail of this batch began a case, which may not be written yet."""
        conversation = Conversation(case)
        if sender.key:
            conversation.participants[sender.key] = True
        self._keep(case.pk, conversation)

    def joins(self, case: Case, sender: Address, *, is_verified: bool) -> bool:
        """Let the sender take part; True when it is new to the case. One that takes part stays as it is."""
        conversation = self.of(case.pk)
        if conversation is None or not sender.key or sender.key in conversation.participants:
            return False
        conversation.participants[sender.key] = is_verified
        add(
            Participant(
                organisation_id=case.organisation_id,
                case=case,
                key=sender.key,
                email=sender.email[:320],
                name=sender.name[:200],
                is_verified=is_verified,
            ),
            ignore_conflicts=True,
        )
        return True

    def received(self, message: Message) -> None:
        """A mail of this batch is in the case now."""
        conversation = self._known.get(message.case_id)
        if conversation is None:
            return
        if message.direction == Direction.IN:
            conversation.written[message.from_email] += 1
        elif not message.is_automatic:
            conversation.has_answer = True

    def _keep(self, pk: int, conversation: Conversation) -> None:
        self._known[pk] = conversation
        self._by_number[conversation.case.number] = pk

    def _describe(self, fresh: dict[int, Conversation]) -> None:
        people = Participant.objects.filter(case_id__in=fresh)
        for case, key, is_verified in people.values_list("case_id", "key", "is_verified"):
            fresh[case].participants[key] = is_verified
        for follower in Follower.objects.filter(case_id__in=fresh, employee__is_active=True).select_related("employee"):
            fresh[follower.case_id].followers.append(follower.employee)
        answer = Q(direction=Direction.OUT, is_automatic=False)
        recent = Q(direction=Direction.IN, created_at__gt=timezone.now() - HOUR)
        messages = Message.objects.filter(answer | recent, case_id__in=fresh).order_by()
        counted = messages.values_list("case_id", "direction", "from_email").annotate(Count("pk"))
        for case, direction, sender, count in counted:
            if direction == Direction.OUT:
                fresh[case].has_answer = True
            else:
                fresh[case].written[sender] += count
        for case in has_scheduled(fresh):
            fresh[case].has_scheduled = True
