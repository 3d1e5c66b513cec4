"""One message that belongs elsewhere: into another case, or into one of its own."""

from __future__ import annotations

from django.db import connection, transaction
from django.utils.translation import gettext as _

from caseway.accounts.models import Employee
from caseway.accounts.together import reserve
from caseway.cases.merging import bring_outbox, freshened, lock
from caseway.cases.models import Case, CaseAddress, Direction, Event, EventKind, Mention, Message, Status
from caseway.cases.models.verbs.changing import check_may_write
from caseway.cases.opening import NO_SUBJECT, SUBJECT_LENGTH, add_participant, next_number
from caseway.mail.address import address_key
from caseway.mail.model import Address
from caseway.mail.thread import TAG


def split(case: Case, message: Message, *, by: Employee | None) -> Event:
    """The message begins a case of its own, assigned and prioritised as this one.

    Returns the event of `case`; its data names the new number. ValueError when the message is the case's only one.
    """
    check_may_write(by)
    with transaction.atomic():
        case = _locked(case)
        message = _of(case, message)
        new = _begin(case, message, by)
        _bring(message, case, new)
        new.write(by=by, **freshened(new))
        new.record(EventKind.SPLIT, {"from": case.number}, by=by, message=message)
        case.write(by=by, **freshened(case))
        event = case.record(EventKind.SPLIT, {"number": new.number}, by=by, message=message)
        case.tell_changed()
        new.tell_changed("case.new")
    return event


def move(case: Case, message: Message, to: Case, *, by: Employee | None) -> Event:
    """The message goes into another case, and its people with it. ValueError for what cannot go."""
    check_may_write(by)
    with transaction.atomic():
        if case.pk == to.pk:
            raise ValueError(_("The message is in this case already. Choose another number."))
        case, to = lock(case, to)
        if case.organisation_id != to.organisation_id or to.deleted_at is not None:
            raise ValueError(_("A message cannot go into a case in the trash. Restore it first."))
        if to.merged_into is not None:
            raise ValueError(
                _("%(label)s is merged into %(other)s. Move it there.")
                % {"label": to.label, "other": to.merged_into.label}
            )
        message = _of(case, message)
        _bring(message, case, to)
        for one in (case, to):
            one.write(by=by, **freshened(one))
        to.record(EventKind.MOVED, {"from": case.number}, by=by, message=message)
        event = case.record(EventKind.MOVED, {"to": to.number}, by=by, message=message)
        for one in (case, to):
            one.tell_changed()
    return event


def move_back(case: Case, message: Message, there: Case) -> bool:
    """Undo of both: the message returns, as if it had never left. False when it is not there any more."""
    changed = there.messages.filter(pk=message.pk).update(case=case, moved_from=None)
    if changed:
        Mention.objects.filter(message=message).update(case=case)
        bring_outbox(Message.objects.filter(pk=message.pk).select_related("outbound"), case)
    return bool(changed)


def _locked(case: Case) -> Case:
    rows = Case.objects.select_for_update(of=("self",)).select_related("organisation", "contact", "merged_into")
    return rows.get(pk=case.pk)


def _of(case: Case, message: Message) -> Message:
    """The message as it is now; ValueError when it is not in the case, or alone there."""
    mine = case.messages.select_related("contact", "outbound")
    found = mine.filter(pk=message.pk).first()
    if found is None:
        raise ValueError(
            _("This message is not in %(label)s any more. Somebody moved it meanwhile.") % {"label": case.label}
        )
    if not mine.exclude(pk=message.pk).exists():
        raise ValueError(
            _("This is the only message of %(label)s. Merge the whole case instead.") % {"label": case.label}
        )
    return found


def _begin(case: Case, message: Message, by: Employee | None) -> Case:
    """The row of the new case."""
    from_customer = message.direction == Direction.IN
    contact = message.contact if from_customer and message.contact else case.contact
    subject = _bare(message.subject or case.subject)
    new = Case.objects.create(
        pk=reserve(Case),
        organisation=case.organisation,
        number=next_number(case.organisation_id),
        subject=subject or NO_SUBJECT,
        status=Status.NEW if from_customer else Status.OPEN,
        priority=case.priority,
        source=case.source,
        contact=contact,
        customer_id=contact.customer_id if contact else None,
        email=message.from_email if from_customer and message.from_email else case.email,
        assigned_employee_id=case.assigned_employee_id,
        assigned_team_id=case.assigned_team_id,
        created_by=by,
        modified_by=by,
    )
    through = case.came_through.values_list("support_address_id", flat=True)
    CaseAddress.objects.bulk_create(
        [CaseAddress(organisation_id=case.organisation_id, case=new, support_address_id=address) for address in through]
    )
    if new.email:  # whose matter it is may be written to, as in every new case
        add_participant(new, Address(message.from_name if from_customer else "", new.email))
    return new


def _bare(subject: str) -> str:
    """Without our tag and the marks of replies, which would name the old case."""
    words = TAG.sub(" ", subject[:2_000]).split()
    while words and len(words[0]) <= 5 and words[0].endswith((":", "：")):
        words.pop(0)
    return " ".join(words)[:SUBJECT_LENGTH]


def _bring(message: Message, case: Case, to: Case) -> None:
    """The message and those of its people that take part here; each as verified as they are."""
    Message.objects.filter(pk=message.pk).update(case=to, moved_from=case)
    Mention.objects.filter(message=message).update(case=to)
    bring_outbox([message], to)
    people = {address_key(message.from_email)}
    people |= {address_key(email) for pairs in (message.to, message.cc, message.reply_to) for _, email in pairs}
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO cases_participant (organisation_id, case_id, key, email, name, is_verified) "
            "SELECT organisation_id, %s, key, email, name, is_verified FROM cases_participant "
            "WHERE case_id = %s AND key = ANY(%s) ON CONFLICT (case_id, key) DO NOTHING",
            [to.pk, case.pk, list(people - {""})],
        )
