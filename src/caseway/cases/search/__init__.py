"""Search: what somebody types, the cases and contacts that it means. PostgreSQL only; see docs/decisions."""

from caseway.cases.search.contacts import find_contacts
from caseway.cases.search.find import Found, find
from caseway.cases.search.pieces import Hit
from caseway.cases.search.query import Chip, Query, Term, read
from caseway.cases.search.snippets import highlight, pattern_of
from caseway.cases.search.within import within

__all__ = [
    "Chip",
    "Found",
    "Hit",
    "Query",
    "Term",
    "find",
    "find_contacts",
    "highlight",
    "pattern_of",
    "read",
    "within",
]
