"""What can be done to a case: each verb is one change, one event, one message to open pages.

A verb returns the event that it recorded, or None when nothing changed. `caseway.cases.undo` takes events back.

`by` is the employee, or None for Caseway itself. `expected_version` is the version that the person saw: a
StaleCaseError says that it is no longer that. A NotAllowedError says that the employee's role reads only.
"""

from caseway.cases.models.verbs.assigning import Assigning
from caseway.cases.models.verbs.following import Following
from caseway.cases.models.verbs.joining import Joining
from caseway.cases.models.verbs.keeping import Keeping
from caseway.cases.models.verbs.noting import Noting
from caseway.cases.models.verbs.properties import Properties
from caseway.cases.models.verbs.snoozing import Snoozing
from caseway.cases.models.verbs.status import StatusVerbs
from caseway.cases.models.verbs.telling import Telling


class CaseVerbs(Assigning, Following, Joining, Keeping, Noting, Properties, Snoozing, StatusVerbs, Telling):
    """The verbs of `Case`, a story in each module beside this one."""
