"""Stories of a small world, with questions of which it is known how many facts answer them; in the form of bAbI.

People go from place to place, take things, carry them about and leave them. With one supporting fact it is asked where
a person is; with two, where a thing is, which takes who has it, or left it, and where that was. Lengths are those of
the first two tasks of bAbI (Weston et al. 2015); world and sentences are our own.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from throughtime.errors import UsageError

PEOPLE = ("Ada", "Bruno", "Carla", "Dimitri")
PLACES = ("attic", "cellar", "garden", "kitchen", "library", "workshop")
THINGS = ("kettle", "lamp", "violin")
GOING = ("went to", "walked to", "hurried to", "ran to", "went over to")
TAKING = ("took the {}", "picked up the {}", "grabbed the {}", "took the {} there", "picked up the {} there")
LEAVING = ("left the {}", "put down the {}", "dropped the {}", "left the {} there", "put the {} down there")
QUESTIONS = 5  # of a story
STORIES = {"train": 2_000, "valid": 200, "test": 200}  # 10,000, 1,000 and 1,000 questions, as bAbI counts them
BETWEEN = (2, 10)  # facts between two questions about things
ACTING = 0.4  # how often somebody who can take or leave a thing does so
NAMES = {1: "one-fact", 2: "two-facts"}


@dataclass(frozen=True)
class Fact:
    """Who did what: a ``verb`` of ``went``, ``took`` and ``left``, and the place or the thing; in words ``text``."""

    person: str
    verb: str
    what: str
    text: str


@dataclass(frozen=True)
class Question:
    """What is asked, the answer, and the numbers of the lines from which it follows."""

    text: str
    answer: str
    supporting: tuple[int, ...]


Line = Fact | Question


@dataclass
class World:
    """Where everybody is and what they carry, as far as it was told, and in which line that was."""

    chance: random.Random
    place_of: dict[str, tuple[str, int]] = field(default_factory=dict)  # person: place, line
    held: dict[str, tuple[str, int]] = field(default_factory=dict)  # thing: person, line
    left: dict[str, tuple[str, tuple[int, int]]] = field(default_factory=dict)  # thing: place, lines
    last: str = ""  # who acted last

    def go(self, line: int) -> Fact:
        """Somebody goes to another place."""
        return self._gone(self._next(), line)

    def act(self, line: int) -> Fact:
        """Somebody takes a thing or leaves one, or goes somewhere."""
        person = self._next()
        ways = [*self._takings(person, line), *self._leavings(person, line)]
        if ways and self.chance.random() < ACTING:
            return self.chance.choice(ways)()
        return self._gone(person, line)

    def where_is_somebody(self) -> Question:
        """Where somebody is of whom it was told."""
        person = self.chance.choice(sorted(self.place_of))
        place, came = self.place_of[person]
        return Question(f"Where is {person}?", place, (came,))

    def where_is_something(self) -> Question:
        """Where a thing is that was taken once: with its holder, or where it was left."""
        thing = self.chance.choice(sorted({*self.held, *self.left}))
        if thing in self.held:
            person, taken = self.held[thing]
            place, came = self.place_of[person]
            return Question(f"Where is the {thing}?", place, (taken, came))
        place, lines = self.left[thing]
        return Question(f"Where is the {thing}?", place, lines)

    def _next(self) -> str:
        """Who acts now; nobody does twice running, so that neighbouring facts are not of one person."""
        self.last = self.chance.choice([person for person in PEOPLE if person != self.last])
        return self.last

    def _takings(self, person: str, line: int) -> list[Callable[[], Fact]]:
        """The things that are free where the person is; one of which nothing was told may be anywhere."""
        if person not in self.place_of:
            return []
        here = self.place_of[person][0]
        free = [thing for thing in THINGS if thing not in self.held and self.left.get(thing, (here, ()))[0] == here]
        return [partial(self._taken, person, thing, line) for thing in free]

    def _leavings(self, person: str, line: int) -> list[Callable[[], Fact]]:
        own = [thing for thing in THINGS if self.held.get(thing, ("", 0))[0] == person]
        return [partial(self._put, person, thing, line) for thing in own]

    def _gone(self, person: str, line: int) -> Fact:
        before = self.place_of.get(person, ("", 0))[0]
        place = self.chance.choice([place for place in PLACES if place != before])
        self.place_of[person] = (place, line)
        return Fact(person, "went", place, f"{person} {self.chance.choice(GOING)} the {place}.")

    def _taken(self, person: str, thing: str, line: int) -> Fact:
        self.left.pop(thing, None)
        self.held[thing] = (person, line)
        return Fact(person, "took", thing, f"{person} {self.chance.choice(TAKING).format(thing)}.")

    def _put(self, person: str, thing: str, line: int) -> Fact:
        del self.held[thing]
        place, came = self.place_of[person]
        self.left[thing] = (place, (line, came))
        return Fact(person, "left", thing, f"{person} {self.chance.choice(LEAVING).format(thing)}.")


def story(facts: int, chance: random.Random) -> list[Line]:
    """One story with five questions, each of which needs so many facts: 1 or 2.

    One fact: a question after every two, so the last comes after ten. Two: 2 to 10 facts between two questions, more
    before the first where nothing was taken yet.
    """
    world = World(chance)
    lines: list[Line] = []
    for _ in range(QUESTIONS):
        if facts == 1:
            lines += [world.go(len(lines) + k) for k in (1, 2)]
            lines.append(world.where_is_somebody())
            continue
        for _ in range(chance.randint(*BETWEEN)):
            lines.append(world.act(len(lines) + 1))
        while not world.held and not world.left:
            lines.append(world.act(len(lines) + 1))
        lines.append(world.where_is_something())
    return lines


def stories(count: int, facts: int = 1, seed: int = 1) -> list[list[Line]]:
    """So many stories; the same seed gives the same ones. UsageError for any number of facts but 1 and 2.

    >>> print(written(stories(1, facts=2, seed=3)[0][:3]), end="")
    1 Bruno went over to the garden.
    2 Carla went over to the workshop.
    3 Ada went to the library.
    """
    if facts not in NAMES:
        raise UsageError(f"facts={facts}: questions need 1 or 2 supporting facts")
    chance = random.Random(seed)
    return [story(facts, chance) for _ in range(count)]


def written(lines: Sequence[Line]) -> str:
    """A story in the form of bAbI: numbered lines; behind a question a tab, its answer, a tab, the supporting lines."""
    rows = []
    for number, line in enumerate(lines, start=1):
        if isinstance(line, Question):
            rows.append(f"{number} {line.text}\t{line.answer}\t{' '.join(map(str, sorted(line.supporting)))}\n")
        else:
            rows.append(f"{number} {line.text}\n")
    return "".join(rows)


def write_stories(folder: Path, facts: int = 1, counts: Mapping[str, int] = STORIES, seed: int = 1) -> Path:
    """Write ``one-fact_train.txt`` (or ``two-facts``), and so for each split, into a folder, which is returned.

    ``counts`` says how many stories each split has; with five questions each, 2,000 are the 10,000 of bAbI. No story
    is in two splits.
    """
    made = stories(sum(counts.values()), facts, seed)
    folder.mkdir(parents=True, exist_ok=True)
    for split, count in counts.items():
        text = "".join(map(written, made[:count]))
        (folder / f"{NAMES[facts]}_{split}.txt").write_text(text, encoding="utf-8")
        made = made[count:]
    return folder


def rows(made: Sequence[Sequence[Line]]) -> list[dict[str, str]]:
    """One record for each question: the facts before it, the question, its answer, and the number of its story."""
    found = []
    for number, lines in enumerate(made, start=1):
        for k, line in enumerate(lines):
            if isinstance(line, Question):
                told = " ".join(before.text for before in lines[:k] if isinstance(before, Fact))
                found.append({"story": told, "question": line.text, "answer": line.answer, "number": str(number)})
    return found
