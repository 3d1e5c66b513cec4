"""Cases and what happened in them. Verbs stand on the aggregate, reads on the queryset."""

from caseway.cases.models.case import Case, CaseAddress, CaseCounter
from caseway.cases.models.choices import (
    Direction,
    DraftKind,
    EventKind,
    FieldKind,
    NotificationKind,
    Priority,
    Source,
    Status,
)
from caseway.cases.models.draft import DraftFile, WrittenDraft
from caseway.cases.models.event import Event
from caseway.cases.models.kinds import CaseLink, CaseType, CustomField, SavedView, Tag
from caseway.cases.models.message import Attachment, Message
from caseway.cases.models.participant import Participant
from caseway.cases.models.people import Follower, Mention, Notification, Seen, Viewing
from caseway.cases.models.searchable import NameWord, SearchContact, SearchDocument

__all__ = [
    "Attachment",
    "Case",
    "CaseAddress",
    "CaseCounter",
    "CaseLink",
    "CaseType",
    "CustomField",
    "Direction",
    "DraftFile",
    "DraftKind",
    "Event",
    "EventKind",
    "FieldKind",
    "Follower",
    "Mention",
    "Message",
    "NameWord",
    "Notification",
    "NotificationKind",
    "Participant",
    "Priority",
    "SavedView",
    "SearchContact",
    "SearchDocument",
    "Seen",
    "Source",
    "Status",
    "Tag",
    "Viewing",
    "WrittenDraft",
]
