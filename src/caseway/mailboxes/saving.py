"""What a passed Authenticate leaves behind: the mailbox, the row, and where reading starts."""

from __future__ import annotations

from django.utils import timezone

from caseway.mail.address import address_key
from caseway.mailboxes.diagnose import Findings
from caseway.mailboxes.form import AccountForm
from caseway.mailboxes.models import Diagnosis, FolderCursor, Mailbox, MailboxState, SupportAddress


def save(diagnosis: Diagnosis, form: AccountForm, findings: Findings) -> SupportAddress:
    """Save mailbox, row and cursors within the caller's transaction. Raises IntegrityError when taken meanwhile.

    An account that is connected already gets one more row. An edit that names another receiving account moves its
    row there; the old account ends with its last row.
    """
    row = diagnosis.support_address
    mailbox = _mailbox(form, row)
    is_new = mailbox._state.adding
    _fill_mailbox(mailbox, form, diagnosis, findings, shared=row is None and not is_new)
    mailbox.save()
    old = row.mailbox if row else None
    row = row or SupportAddress(created_by=diagnosis.requested_by)
    row.organisation_id, row.mailbox, row.address = diagnosis.organisation_id, mailbox, form.addressed_to
    fill_row(row, form)
    row.save()
    if old is not None and old.pk != mailbox.pk and not old.support_addresses.filter(deleted_at=None).exists():
        forget(old)
    _save_cursors(mailbox, findings)
    return row


def fill_row(row: SupportAddress, form: AccountForm) -> None:
    """The fields that need no server."""
    row.assigned_employee_id = form.assigned_employee
    row.assigned_team_id = form.assigned_team
    row.from_email_id = form.from_email_id
    row.add_to_cc = form.add_to_cc
    row.aliases = list(form.aliases)
    row.is_default = form.is_default
    row.display_name = form.display_name
    row.acknowledges = form.acknowledges


def switch_copies(mailbox: Mailbox, form: AccountForm) -> None:
    """Copies to the Sent folder begin with what is sent from now on; switched on already, they go on."""
    if not form.copies_sent:
        mailbox.copies_since = None
    elif mailbox.copies_since is None:
        mailbox.copies_since = timezone.now()


def forget(mailbox: Mailbox) -> None:
    """A tombstone: what was received stays explained, the passwords go."""
    mailbox.deleted_at = timezone.now()
    mailbox.password = mailbox.smtp_password = ""
    mailbox.save(update_fields=["deleted_at", "password", "smtp_password"])


def _mailbox(form: AccountForm, row: SupportAddress | None) -> Mailbox:
    if row is not None and address_key(row.mailbox.address) == address_key(form.address):
        return Mailbox.objects.select_for_update(of=("self",)).get(pk=row.mailbox_id)
    known = Mailbox.objects.select_for_update(of=("self",)).filter(
        login=form.login_name, imap_host=form.imap_host, imap_port=form.imap_port, deleted_at=None
    )
    return known.first() or Mailbox()


def _fill_mailbox(
    mailbox: Mailbox, form: AccountForm, diagnosis: Diagnosis, findings: Findings, *, shared: bool
) -> None:
    now = timezone.now()
    if mailbox._state.adding:
        mailbox.organisation_id = diagnosis.organisation_id
        mailbox.created_by = mailbox.owner = diagnosis.requested_by
    mailbox.address, mailbox.login, mailbox.password = form.address, form.login_name, form.password
    mailbox.imap_host, mailbox.imap_port, mailbox.imap_security = form.imap_host, form.imap_port, form.imap_security
    if form.smtp_host or not shared:
        mailbox.smtp_host, mailbox.smtp_port, mailbox.smtp_security = form.smtp_host, form.smtp_port, form.smtp_security
        mailbox.smtp_login, mailbox.smtp_password = form.smtp_login, form.smtp_password
    if form.folders or not shared:
        mailbox.folders = list(form.folders)
    if not shared:
        mailbox.after_processing, mailbox.move_to_folder = form.after_processing, form.move_to_folder
    if form.trusted_authserv or not shared:
        mailbox.trusted_authserv = form.trusted_authserv or findings.authserv
    if not shared or form.copies_sent:
        switch_copies(mailbox, form)
    mailbox.error_cause = mailbox.error_fix = mailbox.error_line = ""
    mailbox.error_at = None
    if mailbox.state == MailboxState.STOPPED:
        mailbox.state, mailbox.state_since, mailbox.state_by = MailboxState.ACTIVE, now, diagnosis.requested_by
    mailbox.checked_at = now


def _save_cursors(mailbox: Mailbox, findings: Findings) -> None:
    """Reading starts where the folder stood when Authenticate looked, so that nothing is missed until the watcher
    comes. A folder that was read before goes on from there, also under a new UIDVALIDITY (the watcher sees to it).
    """
    for folder in findings.folders:
        if not FolderCursor.objects.filter(mailbox=mailbox, folder=folder.name).exists():
            FolderCursor.objects.create(
                organisation_id=mailbox.organisation_id,
                mailbox=mailbox,
                folder=folder.name,
                uidvalidity=folder.uidvalidity,
                start_uid=folder.uidnext,
                last_uid=folder.uidnext - 1,
            )
