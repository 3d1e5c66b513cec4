"""What people do with connected addresses besides Authenticate: pause, resume, delete, and small changes."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from caseway.accounts.bell import ring, tell
from caseway.accounts.models import Employee
from caseway.mailboxes.diagnosis import may_manage
from caseway.mailboxes.form import AccountForm, needs_authentication
from caseway.mailboxes.models import Mailbox, MailboxState, SupportAddress
from caseway.mailboxes.saving import fill_row, forget, switch_copies


def pause(row: SupportAddress, *, by: Employee) -> None:
    """Stop taking mail for the row. With the last row of an account that runs, its mailbox is not read any more:
    what arrives meanwhile waits on the server and is taken on resuming.
    """
    _may(by, row)
    with transaction.atomic():
        mailbox = _lock(row)
        row.is_paused, row.paused_at, row.paused_by = True, timezone.now(), by
        row.save(update_fields=["is_paused", "paused_at", "paused_by"])
        _settle(mailbox, by)


def resume(row: SupportAddress, *, by: Employee) -> None:
    """Take mail again; also tries a mailbox again that stopped because its login was refused.

    Raises PermissionDenied or PlanError.
    """
    may_manage(by, row.organisation)
    with transaction.atomic():
        mailbox = _lock(row)
        row.is_paused, row.paused_at, row.paused_by = False, None, None
        row.save(update_fields=["is_paused", "paused_at", "paused_by"])
        mailbox.error_cause = mailbox.error_fix = mailbox.error_line = ""
        mailbox.error_at = None
        mailbox.save(update_fields=["error_cause", "error_fix", "error_line", "error_at"])
        _set_state(mailbox, MailboxState.ACTIVE, by)
        ring("intake")  # what was held while the row was paused


def delete(row: SupportAddress, *, by: Employee) -> None:
    """Disconnect the row. Cases and log stay; with its last row the account is forgotten, passwords included."""
    _may(by, row)
    with transaction.atomic():
        mailbox = _lock(row)
        row.deleted_at, row.is_default = timezone.now(), False
        row.save(update_fields=["deleted_at", "is_default"])
        if not mailbox.support_addresses.filter(deleted_at=None).exists():
            forget(mailbox)
        _settle(mailbox, by)


def update(row: SupportAddress, form: AccountForm, *, by: Employee) -> None:
    """Save a change that touches no server. Raises ValueError when it does: that one has to pass Authenticate."""
    may_manage(by, row.organisation)
    if needs_authentication(form, row):
        raise ValueError(_("This change has to be authenticated: use diagnosis.request."))
    with transaction.atomic():
        fill_row(row, form)
        row.save()
        mailbox = _lock(row)
        switch_copies(mailbox, form)
        mailbox.trusted_authserv = form.trusted_authserv
        mailbox.save(update_fields=["copies_since", "trusted_authserv"])
        tell(row.organisation_id, "mailbox.health", id=row.mailbox_id)


def update_acknowledgement(row: SupportAddress, *, subject: str, body: str, by: Employee) -> None:
    """Save the row's acknowledgement template; empty: the standard text. The caller has checked that it can be read."""
    may_manage(by, row.organisation)
    row.acknowledgement_subject, row.acknowledgement_body = subject.strip()[:300], body
    row.save(update_fields=["acknowledgement_subject", "acknowledgement_body"])


def _may(by: Employee, row: SupportAddress) -> None:
    """Pausing and deleting need no plan: whoever went to a smaller one must be able to leave."""
    if not by.is_administrator or by.organisation_id != row.organisation_id:
        raise PermissionDenied(_("Only administrators connect and change email addresses."))


def _lock(row: SupportAddress) -> Mailbox:
    return Mailbox.objects.select_for_update(of=("self",)).get(pk=row.mailbox_id)


def _settle(mailbox: Mailbox, by: Employee) -> None:
    """An account all of whose rows are paused is not read."""
    runs = mailbox.support_addresses.filter(deleted_at=None, is_paused=False).exists()
    if not runs and mailbox.state == MailboxState.ACTIVE:
        _set_state(mailbox, MailboxState.PAUSED, by)
    else:
        _announce(mailbox)


def _set_state(mailbox: Mailbox, state: MailboxState, by: Employee) -> None:
    if mailbox.state != state:
        mailbox.state, mailbox.state_since, mailbox.state_by = state, timezone.now(), by
        mailbox.watched_by = ""
        mailbox.save(update_fields=["state", "state_since", "state_by", "watched_by"])
    _announce(mailbox)


def _announce(mailbox: Mailbox) -> None:
    ring("mailboxes")
    tell(mailbox.organisation_id, "mailbox.health", id=mailbox.pk)
