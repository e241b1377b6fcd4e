"""Stories: their answers follow from what is told, by no shortcut, and they are written and read as they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from throughtime.data.files import read
from throughtime.data.settings import DataSettings
from throughtime.errors import UsageError
from throughtime.synthetic.stories import PEOPLE, PLACES, THINGS, Fact, Question, rows, stories, write_stories, written

Told = list[tuple[str, str, str]]  # person, what was done (went, took, left), place or thing
TAKEN = re.compile(r"took|picked up|grabbed")
CHANCE = 1 / len(PLACES)


def told(line: str) -> tuple[str, str, str]:
    """A sentence understood anew from its words alone."""
    words = line.rstrip(".").split()
    places = [word for word in words if word in PLACES]
    things = [word for word in words if word in THINGS]
    assert words[0] in PEOPLE and len(places) + len(things) == 1, line
    done = "went" if places else "took" if TAKEN.search(line) else "left"
    return words[0], done, (places or things)[0]


def replayed(facts: Told, asked: str) -> str:
    """Where a person or a thing is at the end, by playing the story through."""
    place_of: dict[str, str] = {}
    holder: dict[str, str] = {}
    for person, done, what in facts:
        if done == "went":
            assert place_of.get(person) != what
            place_of[person] = what
        elif done == "took":
            assert what not in holder and place_of.get(what, place_of[person]) == place_of[person]
            holder[what] = person
        else:
            assert holder.pop(what) == person
        for thing, who in holder.items():
            place_of[thing] = place_of[who]
    return place_of[asked]


def questions(facts: int, count: int = 200) -> list[tuple[Told, str, str]]:
    """What is told, the person or thing that is asked for, and the answer."""
    found = []
    for row in rows(stories(count, facts)):
        asked = row["question"].removesuffix("?").split()[-1]
        found.append(([told(f"{line}.") for line in row["story"].rstrip(".").split(". ")], asked, row["answer"]))
    return found


@pytest.mark.parametrize("facts", [1, 2])
def test_answers_are_what_the_world_comes_to(facts: int) -> None:
    for story, asked, answer in questions(facts):
        assert replayed(story, asked) == answer


@pytest.mark.parametrize("facts", [1, 2])
def test_the_supporting_lines_alone_answer_the_question(facts: int) -> None:
    for lines in stories(100, facts):
        for line in lines:
            if isinstance(line, Question):
                assert len(line.supporting) == facts
                needed = [lines[number - 1] for number in sorted(line.supporting)]
                shown = [(fact.person, fact.verb, fact.what) for fact in needed if isinstance(fact, Fact)]
                assert len(shown) == facts and line.answer in {what for _, _, what in shown}
                asked = line.text.removesuffix("?").split()[-1]
                assert asked in {word for fact in shown for word in fact}
                assert len({person for person, _, _ in shown}) == 1


@pytest.mark.parametrize(("facts", "longest"), [(1, 10), (2, 60)])
def test_lengths_are_those_of_babi(facts: int, longest: int) -> None:
    lengths = [[len(story) for story, _, _ in questions(facts)[k::5]] for k in range(5)]
    assert all(len(row) == 200 for row in lengths)
    if facts == 1:
        assert [set(row) for row in lengths] == [{2}, {4}, {6}, {8}, {10}]
    else:
        assert 15 < sum(map(sum, lengths)) / 1000 < 25
        assert 35 < max(map(max, lengths)) <= longest


def last_place(story: Told, asked: str) -> str:
    return [what for _, done, what in story if done == "went"][-1]


def place_before(story: Told, asked: str) -> str:
    """The place that was named last before the thing was."""
    mention = max(k for k, (_, _, what) in enumerate(story) if what == asked)
    return last_place(story[:mention], asked)


def place_after(story: Told, asked: str) -> str:
    """The first place that is named after the thing was named last, or the one before it."""
    mention = max(k for k, (_, _, what) in enumerate(story) if what == asked)
    after = [what for _, done, what in story[mention:] if done == "went"]
    return after[0] if after else place_before(story, asked)


def first_place(story: Told, asked: str) -> str:
    return next(what for _, done, what in story if done == "went")


def most_frequent(story: Told, asked: str) -> str:
    return Counter(what for _, done, what in story if done == "went").most_common(1)[0][0]


@pytest.mark.parametrize("shortcut", [last_place, place_before, place_after, first_place, most_frequent])
def test_two_facts_are_needed(shortcut: Callable[[Told, str], str]) -> None:
    asked = questions(2, 400)
    right = sum(shortcut(story, thing) == answer for story, thing, answer in asked) / len(asked)
    assert right < 2.1 * CHANCE, f"{shortcut.__name__} answers {right:.2f} rightly"


def test_the_answers_are_spread_evenly() -> None:
    for facts in (1, 2):
        counts = Counter(answer for _, _, answer in questions(facts, 400))
        assert set(counts) == set(PLACES) and max(counts.values()) < 1.25 * CHANCE * 2000


def test_the_same_seed_gives_the_same_stories_and_another_others() -> None:
    assert stories(3, 2, seed=5) == stories(3, 2, seed=5) != stories(3, 2, seed=6)
    with pytest.raises(UsageError, match="facts=3: questions need 1 or 2 supporting facts"):
        stories(1, facts=3)


@pytest.mark.parametrize(("facts", "name"), [(1, "one-fact"), (2, "two-facts")])
def test_what_is_written_is_read_again(facts: int, name: str, tmp_path: Path) -> None:
    counts = {"train": 4, "valid": 2, "test": 3}
    folder = write_stories(tmp_path / "stories", facts, counts, seed=2)
    assert sorted(path.name for path in folder.iterdir()) == [f"{name}_{split}.txt" for split in sorted(counts)]
    records = read(folder, DataSettings())
    assert records.split == ["train"] * 20 + ["valid"] * 10 + ["test"] * 15
    found = [dict(zip(records.columns, values, strict=True)) for values in zip(*records.columns.values(), strict=True)]
    wanted = rows(stories(9, facts, seed=2))
    assert [{**row, "number": ""} for row in found] == [{**row, "number": ""} for row in wanted]
    assert records.task == "answer" and records.group == "number"


def test_the_form_is_that_of_babi() -> None:
    lines = written(stories(1, facts=1)[0]).splitlines()
    assert [line.split()[0] for line in lines] == [str(k) for k in range(1, 16)]
    assert re.fullmatch(r"3 Where is \w+\?\t\w+\t[12]", lines[2])
