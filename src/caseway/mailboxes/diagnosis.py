"""Authenticate: what a person asked for, run by the worker while the page watches, and saved when all worked."""

from __future__ import annotations

import datetime as dt
import secrets as random_source
from dataclasses import asdict

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from caseway.accounts import secrets
from caseway.accounts.bell import ring, tell
from caseway.accounts.models import Employee, Organisation
from caseway.accounts.plans import Feature, PlanError, require
from caseway.accounts.scope import every_organisation, organisation_scope
from caseway.mail.thread import Signer
from caseway.mailboxes.diagnose import Findings, Step, diagnose
from caseway.mailboxes.form import AccountForm
from caseway.mailboxes.models import Diagnosis, DiagnosisState, SupportAddress
from caseway.mailboxes.saving import save

LONGEST = dt.timedelta(minutes=5)
"""A diagnosis that runs for longer belonged to a worker that died."""


def may_manage(employee: Employee, organisation: Organisation) -> None:
    """Raises PermissionDenied or PlanError unless the employee may connect and change addresses."""
    if not employee.is_administrator or employee.organisation_id != organisation.pk:
        raise PermissionDenied(_("Only administrators connect and change email addresses."))
    require(organisation, Feature.EMAIL_TO_CASE)


def request(
    organisation: Organisation, employee: Employee, form: AccountForm, support_address: SupportAddress | None = None
) -> Diagnosis:
    """Ask for a run of Authenticate; with `support_address` for an edit of that row.

    Raises PermissionDenied (not an administrator) or PlanError. Works within the organisation's scope.
    """
    may_manage(employee, organisation)
    if support_address is not None and support_address.organisation_id != organisation.pk:
        raise PermissionDenied(_("This address belongs to another organisation."))
    with transaction.atomic():
        diagnosis = Diagnosis.objects.create(
            organisation=organisation,
            requested_by=employee,
            support_address=support_address,
            form=form.to_json(),
        )
        ring("diagnosis")
    return diagnosis


def run_requested() -> int:
    """Run the oldest diagnosis that was asked for; returns how many were run (0 or 1)."""
    diagnosis = _claim()
    if diagnosis is None:
        return 0
    with organisation_scope(diagnosis.organisation_id):
        _run(diagnosis)
    return 1


def _claim() -> Diagnosis | None:
    with every_organisation(), transaction.atomic():
        now = timezone.now()
        for dead in Diagnosis.objects.defer("form").filter(state=DiagnosisState.RUNNING, started_at__lt=now - LONGEST):
            dead.form, dead.state, dead.finished_at = "", DiagnosisState.FAILED, now
            dead.steps = [
                *dead.steps,
                asdict(Step("Worker", "bad", cause="The check was interrupted.", fix="Run it again.")),
            ]
            dead.save(update_fields=["form", "state", "finished_at", "steps"])
            tell(dead.organisation_id, "diag.step", id=dead.pk)
        due = Diagnosis.objects.select_for_update(skip_locked=True, of=("self",)).filter(state=DiagnosisState.REQUESTED)
        diagnosis = due.defer("form").order_by("requested_at", "id").first()  # it may not open: see _run
        if diagnosis is not None:
            diagnosis.state, diagnosis.started_at = DiagnosisState.RUNNING, now
            diagnosis.save(update_fields=["state", "started_at"])
        return diagnosis


def _run(diagnosis: Diagnosis) -> None:
    steps: dict[str, Step] = {}

    def report(step: Step) -> None:
        steps[step.name] = step
        with transaction.atomic():
            diagnosis.steps = [asdict(one) for one in steps.values()]
            Diagnosis.objects.filter(pk=diagnosis.pk).update(steps=diagnosis.steps)
            tell(diagnosis.organisation_id, "diag.step", id=diagnosis.pk)
        _give_back()

    try:
        form = AccountForm.from_json(diagnosis.form)
        _give_back()
        findings = diagnose(form, report, own_message_id(diagnosis.organisation_id, form.address))
        _give_back()
        _finish(diagnosis, form, findings)
    except BaseException:
        report(Step("Worker", "bad", cause="Caseway made a mistake while checking.", fix="Run it again; see the log."))
        _end(diagnosis, DiagnosisState.FAILED)
        raise


def _finish(diagnosis: Diagnosis, form: AccountForm, findings: Findings) -> None:
    if not findings.passed:
        _end(diagnosis, DiagnosisState.FAILED)
        return
    problem = ""
    try:
        with transaction.atomic():
            # the plan and the employee may have changed while the check ran
            require(Organisation.objects.get(pk=diagnosis.organisation_id), Feature.EMAIL_TO_CASE)
            if diagnosis.support_address_id:
                diagnosis.support_address = SupportAddress.objects.select_for_update(of=("self",)).get(
                    pk=diagnosis.support_address_id, deleted_at=None
                )
            row = save(diagnosis, form, findings)
            diagnosis.support_address = row
            _end(diagnosis, DiagnosisState.PASSED)
            ring("mailboxes")
            tell(diagnosis.organisation_id, "mailbox.health", id=row.mailbox_id)
    except IntegrityError:
        problem = "This address was connected by somebody else in the meantime."
    except SupportAddress.DoesNotExist:
        problem = "This address was deleted in the meantime."
    except PlanError as error:
        problem = str(error)
    if problem:
        step = Step("Save", "bad", cause=problem, fix="Look at the list of addresses, then try again.")
        diagnosis.steps = [*diagnosis.steps, asdict(step)]
        diagnosis.support_address = None
        _end(diagnosis, DiagnosisState.FAILED)


def _end(diagnosis: Diagnosis, state: DiagnosisState) -> None:
    """The outcome; the form and with it the passwords are forgotten."""
    diagnosis.form, diagnosis.state, diagnosis.finished_at = "", state, timezone.now()
    if diagnosis.started_at:
        diagnosis.seconds = (diagnosis.finished_at - diagnosis.started_at).total_seconds()
    with transaction.atomic():
        diagnosis.save(update_fields=["form", "state", "finished_at", "seconds", "steps", "support_address"])
        tell(diagnosis.organisation_id, "diag.step", id=diagnosis.pk)


def own_message_id(organisation_id: int, address: str) -> str:
    """A Message-ID that intake knows as ours: signed, of no case, with a number that never comes twice."""
    signer = Signer(secrets.keys_for("mail tokens"))
    return signer.message_id(organisation_id, 0, random_source.randbits(62), address.rpartition("@")[2])


def _give_back() -> None:
    """No connection to the database is held while servers are waited for."""
    if not connection.in_atomic_block:
        connection.close()
