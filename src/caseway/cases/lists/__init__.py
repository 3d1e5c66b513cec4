"""Lists of cases: the views that everybody has and saved ones, filtered, sorted, grouped, paged by key."""

from caseway.cases.lists.groups import GROUPINGS, Group, groups
from caseway.cases.lists.order import DEFAULT, SORTS, Sort
from caseway.cases.lists.pages import PAGE_SIZE, Page, make_key, page
from caseway.cases.lists.pages import read_default_key as read_key
from caseway.cases.lists.search import search
from caseway.cases.lists.views import MOST_COUNTED, VIEWS, View, counts

__all__ = [
    "DEFAULT",
    "GROUPINGS",
    "MOST_COUNTED",
    "PAGE_SIZE",
    "SORTS",
    "VIEWS",
    "Group",
    "Page",
    "Sort",
    "View",
    "counts",
    "groups",
    "make_key",
    "page",
    "read_key",
    "search",
]
