"""The brake on runaway sending: an organisation that sends more in an hour than it ever should is stopped."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db.models import Count, Max, Q
from django.db.models.functions import Now

from caseway.accounts.scope import organisation_scope
from caseway.outbound.models import OutboundEmail, OutboundKind, Pause, PauseKind
from caseway.outbound.pauses import alert, begin

HOUR = datetime.timedelta(hours=1)


def stop_runaways() -> None:
    """Stop every organisation whose mails of the last hour, or since somebody resumed it, are too many.

    Works across organisations. Only mail that servers took counts; Caseway's own mail neither counts nor stops.
    """
    limit = settings.CASEWAY_SENDING_PER_HOUR
    if limit <= 0:
        return
    sent = OutboundEmail.objects.filter(sent_at__gt=Now() - HOUR).exclude(kind=OutboundKind.SYSTEM)
    over = sent.order_by().values("organisation_id").annotate(count=Count("pk")).filter(count__gte=limit)
    for organisation_id in over.values_list("organisation_id", flat=True):
        pauses = Pause.objects.filter(organisation_id=organisation_id, kind=PauseKind.SENDING)
        state = pauses.aggregate(resumed=Max("ended_at"), running=Count("pk", filter=Q(ended_at=None)))
        theirs = sent.filter(organisation_id=organisation_id)
        count = (theirs.filter(sent_at__gt=state["resumed"]) if state["resumed"] else theirs).count()
        if state["running"] or count < limit:
            continue
        reason = f"{count} mails left within an hour; {limit} are the most that is taken for normal"
        with organisation_scope(organisation_id):
            if begin(organisation_id, PauseKind.SENDING, "*", reason):
                alert(
                    organisation_id,
                    "Sending is stopped",
                    f"Caseway stopped sending mail of your organisation: {reason}. Nothing is lost: what waits is in "
                    "the outbox.\n\nLook what was sent and why, then let it go on or cancel what should not leave:",
                    "/settings/outgoing-email",
                )
