"""Taking turns: what must not happen twice at once within one organisation."""

from __future__ import annotations

from django.db import connection

_DELIVERY = 0x_CA5E


def take_delivery_turn(organisation_id: int) -> None:
    """Wait until nobody else delivers the organisation's mail or merges its contacts, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_DELIVERY, organisation_id % 2**31])
