"""Doing the story's steps: mails through the intake, the team's work by the verbs, each at its own time.

A step is one transaction, so that the installation's own worker never sees half of it: not a mail that waits, not an
answer that is to be sent. Sending inside it is to the demo's own mail server on this machine, and nowhere else.
"""

from __future__ import annotations

import datetime

from django.db import transaction
from django.db.models.functions import Now

from caseway.accounts.models import Employee, Organisation, Team
from caseway.cases.models import Case, Direction, Message, Status
from caseway.cases.people import see
from caseway.contacts.models import Contact
from caseway.intake.process import process_pending
from caseway.intake.receive import receive_piped
from caseway.mail.model import Address, File
from caseway.mailboxes.models import SupportAddress
from caseway.ops.demo_site import SUPPORT_ADDRESS
from caseway.ops.sample import attachment
from caseway.ops.story import letters
from caseway.ops.story.clock import Clock
from caseway.ops.story.plan import Step, Talk
from caseway.ops.story.texts import people
from caseway.outbound.errors import CannotSendError
from caseway.outbound.models import OutboundEmail, OutboundState
from caseway.outbound.reply import ReplyDraft, choices, reply
from caseway.outbound.send import send_due

SENT_AFTER = datetime.timedelta(seconds=12)
"""An answer leaves when it can no longer be taken back."""
TEAMS = {"support": "Support", "orders": "Orders and shipping", "workshop": "Workshop", "sales": "Sales"}
TO_TEAM = 0.3
"""The share of cases that are given to a team, until somebody takes them."""


class Teller:
    """Acts for the customers and the team of one organisation."""

    def __init__(self, organisation: Organisation, talks: list[Talk], clock: Clock) -> None:
        self.organisation, self.talks, self.clock = organisation, talks, clock
        self.people = {one.first_name: one for one in Employee.objects.all()}
        self.teams = {team.name: team for team in Team.objects.all()}
        self.support = SupportAddress.objects.get(address=SUPPORT_ADDRESS, deleted_at=None)

    def tell(self, step: Step) -> None:
        """Do the step. Inside the caller's transaction."""
        self.clock.set(step.at)
        getattr(self, f"_{step.kind}")(self.talks[step.talk], step)

    def _mail(self, talk: Talk, step: Step) -> None:
        self._arrive(letters.first(talk, step.at))
        if talk.number % 40 == 7:
            self._arrive(letters.newsletter(step.at, talk.number))

    def _twice(self, talk: Talk, step: Step) -> None:
        self._arrive(letters.again(talk, step.at))

    def _away(self, talk: Talk, step: Step) -> None:
        acknowledgement = self._case(talk).messages.filter(direction=Direction.OUT).first()
        if acknowledgement is not None:
            self._arrive(letters.away(talk, step.at, acknowledgement))

    def _sort(self, talk: Talk, step: Step) -> None:
        """Maya looks through what is new: to whom, what kind, how urgent."""
        case, maya, agent = self._case(talk), self.people["Maya"], self.people[talk.agent]
        self._look(case, maya)
        if talk.number % 10 < TO_TEAM * 10:
            case.assign(None, self.teams[TEAMS[talk.scenario.team]], by=maya)
        elif agent != maya:
            case.assign(agent, by=maya)
        case.set_type(talk.scenario.type, by=maya)
        case.set_tags([*talk.scenario.tags, *(["guides"] if "brightwater" in case.email else [])], by=maya)
        if talk.scenario.priority != "normal":
            case.set_priority(talk.scenario.priority, by=maya)
        if talk.scenario.priority in {"high", "urgent"}:
            case.set_need_by((step.at + datetime.timedelta(days=2)).date(), by=maya)
        if "follows" in talk.traits:
            case.follow(maya, by=maya)
        self._clean_up(talk, case, maya)

    def _clean_up(self, talk: Talk, case: Case, maya: Employee) -> None:
        """A customer who wrote twice has one case; what was thrown away by mistake comes back."""
        again = talk.first_id.replace("-0@", "-again@")
        double = Message.objects.filter(message_identifier=again, direction=Direction.IN).first()
        if double is not None and double.case_id != case.pk:
            double.case.merge(case, by=maya)
        if "trash" in talk.traits:
            case.trash(by=maya)
            case.restore(by=maya)

    def _note(self, talk: Talk, step: Step) -> None:
        case, by = self._case(talk), self.people[talk.agent]
        mentioned = [self.people["Maya"]] if "mentions" in talk.traits and talk.agent != "Maya" else []
        text = ("@Maya Lindqvist " if mentioned else "") + talk.texts[step.turn].strip()
        case.note(text, by=by, mentions=mentioned)
        self._look(case, by)

    def _team(self, talk: Talk, step: Step) -> None:
        case, by = self._case(talk), self.people[talk.agent]
        if case.assigned_employee_id != by.pk:
            case.assign(by, by=by)
        self._look(case, by)
        files = [name.format_map(talk.values) for name in talk.scenario.turns[step.turn].files if ".png" not in name]
        found = choices(case, by)
        draft = ReplyDraft(
            from_address=found.default_from or self.support,
            to=found.to or (Address(talk.person.name, talk.person.email),),
            text=talk.texts[step.turn],
            files=tuple(_file(name) for name in files if "plan" not in name),
        )
        try:
            reply(case, by, draft)
        except CannotSendError as error:
            case.note(f"Could not answer: {error}", by=by)
        self.clock.set(self.clock.now() + SENT_AFTER)
        self._send()

    def _customer(self, talk: Talk, step: Step) -> None:
        answered = self._last_answer(talk)
        if answered is not None:
            self._arrive(letters.answer(talk, step.at, step.turn, answered))

    def _bounce(self, talk: Talk, step: Step) -> None:
        answered = self._last_answer(talk)
        if answered is not None:
            self._arrive(letters.bounce(talk, step.at, answered))

    def _end(self, talk: Talk, step: Step) -> None:
        case, by = self._case(talk), self.people[talk.agent]
        self._look(case, by)
        if step.detail == "closed" and case.status != Status.CLOSED:
            case.close(by=by)
        elif step.detail == "waiting" and talk.number % 4 == 1 and case.status == Status.WAITING:
            case.snooze(self.clock.now() + datetime.timedelta(days=50 + talk.number % 9), by=by)
        elif step.detail == "waiting" and talk.number % 4 == 2:
            case.snooze(None, by=by)
        elif step.detail == "waiting" and talk.number % 4 == 3:
            case.close(by=by)

    def _look(self, case: Case, by: Employee) -> None:
        see(case, by)
        case.seen.filter(employee=by).update(seen_at=self.clock.now())  # it writes the database's own time

    def _arrive(self, raw: bytes) -> None:
        process_pending(only=receive_piped(self.organisation, raw, SUPPORT_ADDRESS))
        self._send()

    def _send(self) -> None:
        """Send what the story has to send; the database's own time in what was sent becomes the story's.

        What came or was written by whoever tries the demo meanwhile, and is due too, has its own time.
        """
        now = self.clock.now()
        due = OutboundEmail.objects.filter(state=OutboundState.QUEUED, created_at__lte=now)
        rows = list(due.values_list("pk", "message_id"))
        ours = [pk for pk, _ in rows]
        due.update(send_at=Now())
        send_due(only=ours)
        OutboundEmail.objects.filter(pk__in=ours, sent_at__gt=now).update(sent_at=self.clock.now())
        Message.objects.filter(pk__in=[pk for _, pk in rows], sent_at__gt=now).update(sent_at=self.clock.now())

    def _case(self, talk: Talk) -> Case:
        """The case that the conversation is in by now."""
        message = Message.objects.filter(message_identifier=talk.first_id, direction=Direction.IN).select_related(
            "case"
        )
        return message.get().case

    def _last_answer(self, talk: Talk) -> Message | None:
        sent = self._case(talk).messages.filter(direction=Direction.OUT).select_related("employee")
        return sent.order_by("is_automatic", "-created_at", "-pk").first()


def finish(teller: Teller) -> None:
    """What belongs to people and companies: their better names, titles, and what colleagues should know of them."""
    by = {person.email: person for person in people()}
    with transaction.atomic():
        for contact in Contact.objects.filter(customer__isnull=False).select_related("customer"):
            person = by.get(contact.email)
            if person and person.company and contact.customer and contact.customer.name != person.company:
                contact.customer.name = person.company
                contact.customer.save(update_fields=["name"])
        parker = Contact.objects.with_address(teller.organisation.pk, "parker@brightwater.example")
        if parker is not None and not parker.notes:
            parker.job_title, parker.phone = "Lead guide", "+43 512 555 0142"
            parker.save(update_fields=["job_title", "phone"])
            parker.write_notes(
                "Prefers a phone call when guests are waiting. "
                "Ask for the hut address, parcels to the office get stuck.",
                by=teller.people["Maya"],
            )


def _file(name: str) -> File:
    kind, content = attachment(name)
    return File(name, kind, content)
