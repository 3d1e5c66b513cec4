"""Who writes what when: the whole story as a list of steps in time, the same one each time that it is made."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from caseway.ops.story.texts import Person, Scenario, people, scenarios

DAYS = 42
QUIET_HOURS = 31
"""The story ends so long before it is told: what came since are the first mails of the demo itself."""
ZONE = ZoneInfo("Europe/Vienna")
AGENTS = {
    "support": ("Maya", "Dana", "Kofi"),
    "orders": ("Dana", "Aiko", "Maya"),
    "workshop": ("Tomás", "Kofi"),
    "sales": ("Priya", "Aiko"),
}
PRODUCTS = ("Ridge 2", "Ridge 3", "Ridge 4", "Saddle 45", "Saddle 60", "Drift 400", "Drift 700", "Ember", "Tarn jacket",
            "Col gloves", "Scree trousers", "Lull mat")  # fmt: skip
COLOURS = ("forest", "rust", "slate", "moss", "night blue", "sand")
CITIES = ("Innsbruck", "Porto", "Leeds", "Bergen", "Lyon", "Graz", "Utrecht", "Bern", "Galway", "Sapporo", "Granada",
          "Turin", "Aarhus", "Bristol", "Freiburg", "Annecy")  # fmt: skip
DAY_NAMES = ("Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens. `talk` is the number of the conversation, `turn` of what is said in it."""

    at: datetime.datetime
    kind: str
    talk: int
    turn: int = 0
    detail: str = ""


@dataclass(slots=True)
class Talk:
    """One conversation of a customer with the company."""

    number: int
    person: Person
    scenario: Scenario
    agent: str
    subject: str
    values: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    is_html: bool = False
    traits: frozenset[str] = frozenset()

    @property
    def first_id(self) -> str:
        """Message-ID of the mail that begins it."""
        return f"<story-{self.number}-0@{self.person.email.split('@')[1]}>"


def story(end: datetime.datetime, size: float = 1.0) -> tuple[list[Talk], list[Step]]:
    """Conversations and steps until `end`, in the order of time. A smaller `size` tells fewer conversations."""
    chance = random.Random(42)  # noqa: S311 - the same story each time
    talks: list[Talk] = []
    steps: list[Step] = []
    everybody = people()
    parker = everybody[0]
    for scenario in scenarios("parker.txt"):
        begins = end - datetime.timedelta(days=scenario.days)
        _tell(_talk(len(talks), parker, scenario, chance), begins, talks, steps, chance)
    for scenario in scenarios("english.txt") + scenarios("languages.txt"):
        writers = [one for one in everybody if one.language == scenario.language and one is not parker]
        if scenario.team == "sales" and any(one.company for one in writers):
            writers = [one for one in writers if one.company]
        for _ in range(max(1, round(scenario.count * size))):
            begins = end - datetime.timedelta(days=chance.uniform(0.05, DAYS))
            _tell(
                _talk(len(talks), chance.choice(writers), scenario, chance),
                _by_day(begins, chance),
                talks,
                steps,
                chance,
            )
    return talks, sorted((step for step in steps if step.at < end), key=lambda step: (step.at, step.talk, step.turn))


def _talk(number: int, person: Person, scenario: Scenario, chance: random.Random) -> Talk:
    agent = chance.choice(AGENTS[scenario.team])
    values = {
        "first": person.first,
        "name": person.name,
        "company": person.company or person.name,
        "agent": agent,
        "product": chance.choice(PRODUCTS),
        "order": str(chance.randint(84000, 88199)),
        "city": chance.choice(CITIES),
        "colour": chance.choice(COLOURS),
        "day": chance.choice(DAY_NAMES),
        "n": str(chance.randint(3, 24)),
        "money": f"€ {chance.randint(19, 420)}.{chance.choice(('00', '50', '90'))}",
        "year": str(chance.randint(2009, 2021)),
    }
    traits = {name for name, share in TRAITS.items() if chance.random() < share}
    talk = Talk(number, person, scenario, agent, "", values, is_html=chance.random() < 0.3, traits=frozenset(traits))
    talk.subject = chance.choice(scenario.subjects).format_map(values)
    talk.texts = [chance.choice(turn.texts).format_map(values) for turn in scenario.turns]
    return talk


TRAITS = {"twice": 0.03, "away": 0.03, "bounces": 0.015, "follows": 0.05, "mentions": 0.04, "trash": 0.01}
"""How often a customer writes the same again, answers by machine, has an address that fails; and what the team does."""


def _tell(talk: Talk, begins: datetime.datetime, talks: list[Talk], steps: list[Step], chance: random.Random) -> None:
    talks.append(talk)
    now = begins
    steps.append(Step(now, "mail", talk.number))
    if "away" in talk.traits:
        steps.append(Step(now + datetime.timedelta(minutes=2), "away", talk.number))
    if "twice" in talk.traits:
        steps.append(Step(now + datetime.timedelta(hours=3), "twice", talk.number))
    now = at_work(now + datetime.timedelta(minutes=chance.randint(4, 90)), chance)
    steps.append(Step(now, "sort", talk.number))
    for number, turn in list(enumerate(talk.scenario.turns))[1:]:
        if turn.who == "customer":
            now += datetime.timedelta(hours=chance.uniform(0.6, 40))
            now = _by_day(now, chance)
        else:
            minutes = chance.randint(5, 40) if turn.who == "note" else chance.randint(20, 540)
            now = at_work(now + datetime.timedelta(minutes=minutes), chance)
        steps.append(Step(now, turn.who, talk.number, number))
        if "bounces" in talk.traits and turn.who == "team":
            steps.append(Step(now + datetime.timedelta(minutes=1), "bounce", talk.number, number))
            return
    now = at_work(now + datetime.timedelta(minutes=chance.randint(10, 300)), chance)
    steps.append(Step(now, "end", talk.number, len(talk.scenario.turns), talk.scenario.ends))


def at_work(moment: datetime.datetime, chance: random.Random) -> datetime.datetime:
    """That moment, or the next morning that somebody works: Monday to Friday, 8:30 to 18."""
    local = moment.astimezone(ZONE)
    minutes = datetime.timedelta(minutes=chance.randint(0, 70))
    while local.weekday() > 4 or not 8.5 <= local.hour + local.minute / 60 < 18:
        tomorrow = local.hour >= 18 or local.weekday() > 4
        day = local.date() + datetime.timedelta(days=1 if tomorrow else 0)
        local = datetime.datetime.combine(day, datetime.time(8, 30), ZONE) + minutes
    return local.astimezone(datetime.UTC)


def _by_day(moment: datetime.datetime, chance: random.Random) -> datetime.datetime:
    """Customers sleep too: between midnight and seven nobody writes."""
    local = moment.astimezone(ZONE)
    return moment + datetime.timedelta(hours=7 + chance.uniform(0, 3)) if local.hour < 7 else moment


def beginnings(steps: list[Step]) -> Iterator[Step]:
    """The steps that begin a conversation."""
    return (step for step in steps if step.kind == "mail")
