"""What the team writes to itself in a case."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from caseway.cases.models.choices import Direction, NotificationKind
from caseway.cases.models.verbs.changing import Changing

if TYPE_CHECKING:
    from caseway.accounts.models import Employee
    from caseway.cases.models import Case, Message


class Noting(Changing):
    """The verb that every employee may use, light agents too."""

    def note(self, text: str, *, by: Employee, mentions: Iterable[Employee] = ()) -> Message:
        """A note that only the team sees. Whoever is mentioned follows the case from now on.

        Raises ValueError when it is empty.
        """
        from caseway.cases.models import Case, Follower, Mention, Message
        from caseway.cases.notices import notify, tell_followers

        case = cast("Case", self)
        text = text.strip().replace("\0", "")
        if not text:
            raise ValueError(_("The note is empty. Write something first."))
        called = {
            one.pk: one for one in mentions if one.is_active and one.organisation_id == case.organisation_id
        }.values()
        with transaction.atomic():
            message = Message.objects.create(
                organisation_id=case.organisation_id,
                case=case,
                direction=Direction.NOTE,
                employee=by,
                from_name=by.name,
                text=text,
                new_text=text,
            )
            common = {"organisation_id": case.organisation_id, "case": case}
            Mention.objects.bulk_create([Mention(**common, message=message, employee=one) for one in called])
            Follower.objects.bulk_create([Follower(**common, employee=one) for one in called], ignore_conflicts=True)
            now = timezone.now()
            Case.objects.filter(pk=case.pk).update(version=F("version") + 1, modified_at=now, modified_by=by)
            case.refresh_from_db(fields=["version", "modified_at", "modified_by"])
            notify(NotificationKind.MENTIONED, case, called, actor=by, message=message)
            tell_followers(case, actor=by, message=message, but_not=called)
            case.tell_changed()
        return message
