"""Stories with questions in the form of bAbI: read, recognised by what is in them, and split story by story."""

from __future__ import annotations

from pathlib import Path

import pytest

from throughtime.data.columns import propose
from throughtime.data.files import read
from throughtime.data.settings import DataSettings
from throughtime.data.splits import split
from throughtime.data.streams import is_running_text
from throughtime.errors import DataError, UsageError

STORIES = """\
1 Mary moved to the bathroom.
2 John went to the hallway.
3 Where is Mary? \tbathroom\t1
4 Daniel went back to the hallway.
5 Where is Daniel? \thallway\t4

1 Sandra picked up the milk there.
2 What does Sandra carry?\tmilk,apple\t1
"""


def saved(folder: Path, content: str, name: str = "qa1_single-supporting-fact_train.txt") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def test_stories_questions_answers_and_rows(tmp_path: Path) -> None:
    path = saved(tmp_path, STORIES)
    records = read(path, DataSettings())
    assert records.columns == {
        "story": [
            "Mary moved to the bathroom. John went to the hallway.",
            "Mary moved to the bathroom. John went to the hallway. Daniel went back to the hallway.",
            "Sandra picked up the milk there.",
        ],
        "question": ["Where is Mary?", "Where is Daniel?", "What does Sandra carry?"],
        "answer": ["bathroom", "hallway", "milk,apple"],
        "number": ["1", "1", "2"],
    }
    assert [str(records.where(i)) for i in (0, 2)] == [f"{path.name} row 3", f"{path.name} row 8"]
    assert records.notes == (f"{path.name}: 2 stories with 3 questions (bAbI), UTF-8",)
    assert not is_running_text(path, DataSettings())


def test_what_it_is_for_is_proposed(tmp_path: Path) -> None:
    records = read(saved(tmp_path, STORIES + STORIES), DataSettings())
    found = propose(records, DataSettings(), asks=True)
    assert (found.inputs, found.output) == (("story", "question"), "answer")
    assert found.kinds == {"story": "sentences", "question": "tokens", "answer": "category"}
    assert records.task == "answer"


def test_questions_of_one_story_stay_together(tmp_path: Path) -> None:
    many = "".join(STORIES.replace("Mary", f"Mary{k}").split("\n\n")[0] + "\n" for k in range(40))
    records = read(saved(tmp_path, many), DataSettings())
    settings = DataSettings(valid="0.2", test="0.2")
    parts = split(records, settings, ("story", "question"), "answer", stratify=True, given={})
    numbers = [set(part.column("number")) for part in (parts.train, parts.valid, parts.test)]
    assert all(numbers) and not numbers[0] & numbers[1] and not numbers[0] & numbers[2] and not numbers[1] & numbers[2]


def test_a_folder_holds_its_splits(tmp_path: Path) -> None:
    saved(tmp_path, STORIES)
    saved(tmp_path, STORIES, "qa1_single-supporting-fact_test.txt")
    records = read(tmp_path, DataSettings())
    assert records.split == ["train"] * 3 + ["test"] * 3
    assert (records.task, records.group, records.kinds["answer"]) == ("answer", "number", "category")


def test_carriage_returns_and_other_encodings(tmp_path: Path) -> None:
    path = tmp_path / "stories.txt"
    path.write_bytes("1 Zoë ging in die Küche.\r\n2 Wo ist Zoë?\tKüche\t1\r\n".encode("windows-1252"))
    records = read(path, DataSettings())
    assert records.columns["answer"] == ["Küche"] and records.columns["question"] == ["Wo ist Zoë?"]


@pytest.mark.parametrize(
    ("content", "row", "problem", "mend"),
    [
        (STORIES.replace("2 John", "John"), 2, '"John went to the hallway." has no number', "write its number"),
        (STORIES.replace("Mary? \tbathroom\t1", "Mary?"), 3, '"Where is Mary?" has no answer', "write a tab"),
        (STORIES.replace("Mary? \tbathroom\t1", "Mary?\t\t1"), 3, '"Where is Mary?" has no answer', "write a tab"),
        (STORIES.replace("4 Dan", "6 Dan"), 4, "the line has number 6, but after 3 comes 4", "a line may be missing"),
        (STORIES.replace("1 Mary", "7 Mary"), 1, "the line has number 7, but a story begins at 1", "correct"),
        (STORIES.replace("1 Sandra picked up the milk there.\n2 What", "1 What"), 7, "stands before any", "begin each"),
        (STORIES.replace("2 John went to the hallway.", "2"), 2, "no sentence stands behind the number", "write it"),
        (STORIES.replace("3 Where is Mary? ", "3 "), 3, "no question stands before the tab", "write it"),
    ],
)
def test_what_is_broken_is_refused_with_its_place(
    content: str, row: int, problem: str, mend: str, tmp_path: Path
) -> None:
    path = saved(tmp_path, content, "stories.txt")
    with pytest.raises(DataError) as refused:
        read(path, DataSettings())
    assert str(refused.value).startswith(f"stories.txt row {row}: ")
    assert problem in str(refused.value) and mend in str(refused.value)


@pytest.mark.parametrize(
    ("content", "problem"),
    [("", "the file is empty"), ("\n \n", "the file is empty"), ("1 Mary left.\n", "no line is a question")],
)
def test_a_file_without_questions_is_refused(content: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"^stories.txt: {problem}; write questions as"):
        read(saved(tmp_path, content, "stories.txt"), DataSettings(format="babi"))


@pytest.mark.parametrize(
    "content",
    [
        "1 a list\n2 of things\n3 to do?\n",
        "1,2\n3,4\n",
        "Where is Mary?\tbathroom\nWho is it?\tJohn\n",
        "1\tMary\tNNP\n2\tslept\tVBD\n\n1\tJohn\tNNP\n",
    ],
)
def test_other_files_are_not_taken_for_stories(content: str, tmp_path: Path) -> None:
    path = saved(tmp_path, content, "other.txt")
    try:
        assert read(path, DataSettings()).task is None
    except (DataError, UsageError) as refused:
        assert "story" not in str(refused)
