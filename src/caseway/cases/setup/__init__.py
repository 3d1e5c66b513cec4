"""What an organisation sets up for its cases: types, tags, fields of its own, and the teams that they are assigned to.

Reading functions are for everybody; the verbs take `by`, an administrator. What was retired is offered no more and
stays on the cases that have it.
"""

from caseway.cases.setup.fields import add_field, change_field, fields_of, move_field, retire_field
from caseway.cases.setup.rights import SetupError
from caseway.cases.setup.tags import add_tag, change_tag, hues_of, merge_tags, retire_tag, tags_of
from caseway.cases.setup.teams import add_team, count_cases_of, delete_team, rename_team, set_members, teams_of
from caseway.cases.setup.types import add_type, move_type, rename_type, retire_type, types_of

__all__ = [
    "SetupError",
    "add_field",
    "add_tag",
    "add_team",
    "add_type",
    "change_field",
    "change_tag",
    "count_cases_of",
    "delete_team",
    "fields_of",
    "hues_of",
    "merge_tags",
    "move_field",
    "move_type",
    "rename_team",
    "rename_type",
    "retire_field",
    "retire_tag",
    "retire_type",
    "set_members",
    "tags_of",
    "teams_of",
    "types_of",
]
