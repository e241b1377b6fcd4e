"""A file a series: what a folder holds is recognised, ids find their files, and what does not fit is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from throughtime.data.columns import propose
from throughtime.data.files import read
from throughtime.data.files.format import formats
from throughtime.data.files.series_ids import best_way
from throughtime.data.gathering import read_rows
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError

COUNT = 6


def series(k: int, header: str = "#x, y") -> str:
    """A table of k + 2 steps."""
    return f"{header}\n" + "".join(f"{k + 0.5 * step},-{step}.25\n" for step in range(k + 2))


def laid_out(folder: Path, inside: str = "") -> Path:
    """Six series, their targets beside them, and a table of groups."""
    home = folder / inside
    home.mkdir(parents=True, exist_ok=True)
    for k in range(1, COUNT + 1):
        (home / f"Walk_RSS_{k}.csv").write_text(series(k))
    rows = range(COUNT, 0, -1)
    (home / "Walk_target.csv").write_text("#sequence_ID, label\n" + "".join(f"{k},{'pq'[k % 2]}\n" for k in rows))
    (folder / "groups").mkdir()
    (folder / "groups" / "Walk_Groups.csv").write_text(
        "#sequence_ID, house\n" + "".join(f"{k},{k % 3}\n" for k in range(1, COUNT + 1))
    )
    (folder / "README.txt").write_text("Please cite us.\n")
    (folder / "description.txt").write_text("What was measured, and where.\n")
    return folder


def test_a_folder_beside_its_tables(tmp_path: Path) -> None:
    records = read_rows(laid_out(tmp_path / "walk", "dataset"), DataSettings())
    assert records.columns["sequence_ID"] == [str(k) for k in range(1, COUNT + 1)]
    assert records.columns["label"] == ["pq"[k % 2] for k in range(1, COUNT + 1)]
    assert records.columns["house"] == [str(k % 3) for k in range(1, COUNT + 1)]
    assert records.channels == {"channels": ("x", "y")}
    assert records.columns["channels"][0] == [[1.0, -0.25], [1.5, -1.25], [2.0, -2.25]]
    assert [len(steps) for steps in records.columns["channels"]] == [k + 2 for k in range(1, COUNT + 1)]
    assert str(records.where(1, "label")) == 'Walk_target.csv row 6, column "label"'
    assert str(records.where(1, "channels").at(2)) == 'Walk_RSS_2.csv row 4, column "channels"'
    proposal = propose(records, DataSettings())
    assert proposal.kinds == {"channels": "numbers", "label": "category"}
    assert any("left aside: description.txt, README.txt" in note for note in records.notes)


def test_the_folder_of_the_files_alone(tmp_path: Path) -> None:
    home = laid_out(tmp_path / "walk", "dataset") / "dataset"
    records = read_rows(home, DataSettings())
    assert set(records.columns) == {"sequence_ID", "label", "channels"} and len(records) == COUNT


def test_everything_in_one_folder_and_no_targets(tmp_path: Path) -> None:
    folder = laid_out(tmp_path / "walk")
    shutil.rmtree(folder / "groups")
    (folder / "Walk_target.csv").unlink()
    records = read_rows(folder, DataSettings())
    assert records.columns["series"][0] == "Walk_RSS_1" and "label" not in records.columns


def test_a_channel_a_step_can_be_the_output(tmp_path: Path) -> None:
    for k in range(3):
        (tmp_path / f"{k}.csv").write_text("x,state\n" + "".join(f"{k + s},{'ab'[s % 2]}\n" for s in range(4)))
    records = read_rows(tmp_path, DataSettings(output=("state",)))
    assert records.columns["state"] == [["a", "b", "a", "b"]] * 3


def test_files_without_a_header_and_with_tabs(tmp_path: Path) -> None:
    for k in range(3):
        (tmp_path / f"run{k}.tsv").write_text("".join(f"{k + s}\t{s * s}\t0.5\n" for s in range(3 + k)))
    records = read_rows(tmp_path, DataSettings())
    assert records.channels["channels"] == ("1", "2") and records.columns["3"] == ["0.5"] * 3


@pytest.mark.parametrize(
    ("names", "ids", "way"),
    [
        (["a.csv", "b.csv"], ["b.csv", "a.csv"], "name"),
        (["walk_1.csv", "walk_2.csv"], ["walk_2", "walk_1"], "stem"),
        (["x_01_raw.csv", "x_12_raw.csv"], ["01", "12"], "own"),
        (["x_01_raw.csv", "x_12_raw.csv"], [1, "12"], "number"),
    ],
)
def test_ids_find_their_files(names: list[str], ids: list[object], way: str) -> None:
    assert best_way(ids, [Path(name) for name in names]) == (way, 2)


def test_a_folder_a_class(tmp_path: Path) -> None:
    for label in ("run", "walk"):
        (tmp_path / label).mkdir()
        for k in range(3):
            (tmp_path / label / f"r{k}.csv").write_text(series(k, "x,y"))
    records = read_rows(tmp_path, DataSettings())
    assert records.columns["label"] == ["run"] * 3 + ["walk"] * 3 and records.channels["channels"] == ("x", "y")
    assert records.columns["series"][4] == "walk/r1.csv"
    assert str(records.where(4, "channels").at(1)) == 'walk/r1.csv row 3, column "channels"'


def test_folders_of_texts_are_still_texts(tmp_path: Path) -> None:
    for label in ("good", "bad"):
        (tmp_path / label).mkdir()
        for k in range(3):
            (tmp_path / label / f"{k}.txt").write_text(f"a {label} film, number {k}\n")
    assert read(tmp_path, DataSettings()).roles == {"text": "input", "label": "output"}


def test_exactly_one_format_claims_each_form(tmp_path: Path) -> None:
    whole = laid_out(tmp_path / "walk", "dataset")
    for path in (whole, whole / "dataset"):
        assert [name for name, form in formats.items() if form.recognise(path, b"")] == ["series_folder"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"dataset/Walk_target.csv": "id,label\n1,p\n2,q\n3,p\n4,q\n5,p\n"},
            ("Walk_RSS_6.csv: no row of Walk_target.csv",),
        ),
        (
            {"dataset/Walk_target.csv": "id,label\n" + "".join(f"{k},{'pq'[k % 2]}\n" for k in range(1, 8))},
            ('Walk_target.csv row 8, column "id": no file holds the series "7"', "remove the row"),
        ),
        (
            {"dataset/Walk_target.csv": "id,label\n1,p\n2,q\n3,p\n2,q\n4,p\n5,q\n6,p\n"},
            ('Walk_target.csv row 5, column "id": "2" stands in row 3 already',),
        ),
        (
            {"dataset/Walk_RSS_3.csv": "x,y,z\n1,2,3\n4,5,6\n"},
            ("Walk_RSS_3.csv row 2: 3 columns where Walk_RSS_1.csv has 2",),
        ),
        (
            {"dataset/Walk_RSS_3.csv": "x,z\n1,2\n4,5\n"},
            ('Walk_RSS_3.csv row 2: the column "y" of Walk_RSS_1.csv is missing',),
        ),
        ({"dataset/Walk_RSS_3.csv": ""}, ("Walk_RSS_3.csv: the file is empty",)),
        ({"dataset/Walk_RSS_3.csv": "x,y\n"}, ("Walk_RSS_3.csv row 1: the table has a header and no rows",)),
        (
            {"dataset/Walk_RSS_3.csv": "x,y\n1,2\n4,five\n"},
            ('Walk_RSS_3.csv row 3, column "y": "five" is not a number',),
        ),
        ({"dataset/Walk_RSS_3.csv": "x,y\n1,2\n4\n"}, ("Walk_RSS_3.csv row 3: 1 cell where row 1 has 2",)),
        ({"dataset/Walk_RSS_03.csv": "x,y\n1,2\n4,5\n"}, ("Walk_RSS_03.csv",)),
        (
            {"groups/Walk_Groups.csv": "id,label\n" + "".join(f"{k},{k}\n" for k in range(1, 7))},
            ("another file has a column",),
        ),
    ],
)
def test_what_does_not_fit_is_named(changes: dict[str, str], words: tuple[str, ...], tmp_path: Path) -> None:
    folder = laid_out(tmp_path / "walk", "dataset")
    for name, content in changes.items():
        (folder / name).write_text(content)
    with pytest.raises(DataError) as refused:
        read_rows(folder, DataSettings())
    for word in words:
        assert word in str(refused.value)


def test_a_folder_of_a_class_without_tables_and_one_with_other_columns(tmp_path: Path) -> None:
    for label in ("run", "walk"):
        (tmp_path / label).mkdir()
        for k in range(3):
            (tmp_path / label / f"r{k}.csv").write_text(series(k, "x,y"))
    (tmp_path / "walk" / "r2.csv").write_text("x\n1\n2\n")
    with pytest.raises(DataError, match=r"walk/r2.csv row 2: 1 column where run/r0.csv has 2"):
        read_rows(tmp_path, DataSettings())
    (tmp_path / "walk" / "r2.csv").unlink()
    (tmp_path / "sit").mkdir()
    with pytest.raises(DataError, match="sit/: the folder of this class holds no table"):
        read_rows(tmp_path, DataSettings(format="class_series"))
