"""Cases and what happened in them. Verbs stand on the aggregate, reads on the queryset."""

from caseway.cases.models.case import Case, CaseAddress, CaseCounter
from caseway.cases.models.choices import Direction, EventKind, Priority, Source, Status
from caseway.cases.models.event import Event
from caseway.cases.models.message import Attachment, Message
from caseway.cases.models.participant import Participant

__all__ = [
    "Attachment",
    "Case",
    "CaseAddress",
    "CaseCounter",
    "Direction",
    "Event",
    "EventKind",
    "Message",
    "Participant",
    "Priority",
    "Source",
    "Status",
]
