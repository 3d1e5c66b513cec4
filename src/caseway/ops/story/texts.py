"""Reading the story's texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent
MARKS = {"<<": "customer", ">>": "team", "##": "note"}


@dataclass(slots=True)
class Turn:
    """What one side says, in one of several wordings. `files` go with it."""

    who: str
    texts: list[str] = field(default_factory=lambda: [""])
    files: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Scenario:
    """A matter that customers write about. `days` is how long ago it began, where that is fixed."""

    key: str
    type: str
    tags: list[str]
    count: int
    team: str
    priority: str = "normal"
    language: str = "en"
    days: float = 0.0
    subjects: list[str] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    ends: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """A customer of the sample company."""

    name: str
    email: str
    language: str
    company: str

    @property
    def first(self) -> str:
        return self.name.split(" ")[0] if self.language != "ja" else self.name


def scenarios(name: str) -> list[Scenario]:
    """The scenarios of one file."""
    found: list[Scenario] = []
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("=== "):
            found.append(_scenario(line[4:]))
            continue
        if not found:
            continue
        scenario = found[-1]
        if line.startswith("Subject: "):
            scenario.subjects.append(line[9:])
        elif line in MARKS:
            scenario.turns.append(Turn(MARKS[line]))
        elif line.startswith("@ "):
            scenario.ends = line[2:]
        elif line.startswith("Files: "):
            scenario.turns[-1].files = line[7:].split()
        elif line == "~~":
            scenario.turns[-1].texts.append("")
        elif scenario.turns:
            scenario.turns[-1].texts[-1] += f"{line}\n"
    for scenario in found:
        for turn in scenario.turns:
            turn.texts = [f"{text.strip()}\n" for text in turn.texts]
    return found


def people() -> list[Person]:
    lines = (FOLDER / "people.txt").read_text(encoding="utf-8").splitlines()
    return [Person(*(part.strip() for part in line.split("|"))) for line in lines if line and not line.startswith("#")]


def _scenario(head: str) -> Scenario:
    key, type_, tags, count, team, *rest = (part.strip() for part in head.split("|"))
    scenario = Scenario(key, type_, tags.split(), int(count), team)
    if rest:
        scenario.priority = rest[0]
    if len(rest) > 1:
        scenario.language = rest[1]
    if len(rest) > 2:
        scenario.days = float(rest[2])
    return scenario
