"""Folders: a file a class, a folder a class, and splits that the folder itself says."""

from __future__ import annotations

from pathlib import Path

import pytest

from throughtime.data.files import read
from throughtime.data.settings import DataSettings
from throughtime.data.streams import is_running_text
from throughtime.data.streams.texts import splits_in
from throughtime.errors import DataError, UsageError


def folder(root: Path, **files: str | bytes) -> Path:
    """Files by name; ``__`` stands for a slash and ``_txt`` at the end for ``.txt``."""
    for name, content in files.items():
        path = root / "data" / name.replace("__", "/").replace("_txt", ".txt").replace("_csv", ".csv")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root / "data"


def test_a_class_a_file_of_lines(tmp_path: Path) -> None:
    path = folder(
        tmp_path, Czech_txt="Abl\n\n Adsit \n", Arabic_txt="Khoury\r\nNahas", README="read me", notes_csv="a,b"
    )
    records = read(path, DataSettings())
    assert records.columns == {"text": ["Khoury", "Nahas", "Abl", "Adsit"], "label": ["Arabic"] * 2 + ["Czech"] * 2}
    assert str(records.where(3, "text")) == 'data/Czech.txt row 3, column "text"'
    assert records.roles == {"text": "input", "label": "output"}
    said = " ".join(records.notes)
    assert "2 classes" in said and "1 blank lines" in said and "README" in said and "notes.csv" in said


def test_files_of_other_encodings_are_said(tmp_path: Path) -> None:
    path = folder(tmp_path, German_txt="Müller\nGroß\n".encode("windows-1252"), Irish_txt="Ó Briain\n", Old_txt="x\n")
    records = read(path, DataSettings())
    assert records.columns["text"][:2] == ["Müller", "Groß"]
    assert "windows-1252 in 1 file (first German.txt)" in records.notes[0]


def test_a_class_a_folder_of_files(tmp_path: Path) -> None:
    path = folder(
        tmp_path, pos__1_txt="fine\nfilm\n", pos__2="good", neg__1_txt="bad", neg__deep__x="unread", neg__empty=""
    )
    records = read(path, DataSettings())
    assert records.columns == {"text": ["bad", "", "fine\nfilm", "good"], "label": ["neg", "neg", "pos", "pos"]}
    assert str(records.where(2)) == "data/pos/1.txt"
    assert any("1 files are empty" in note for note in records.notes)
    assert any("neg/: left aside: deep/" in note for note in records.notes)


@pytest.mark.parametrize("deeper", [1, 2])
def test_what_stands_deeper_alone_is_taken_and_said(deeper: int, tmp_path: Path) -> None:
    inside = "__".join(["down"] * deeper)
    path = folder(tmp_path, **{f"{inside}__pos__1": "fine", f"{inside}__neg__1": "bad", "README": "x"})
    records = read(path, DataSettings())
    assert records.columns["label"] == ["neg", "pos"]
    assert any("down/ inside it is taken" in note for note in records.notes)


def test_a_single_table_in_a_folder_is_taken(tmp_path: Path) -> None:
    assert read(folder(tmp_path, all_csv="text,label\nfine,pos\n"), DataSettings()).columns["label"] == ["pos"]


def test_train_valid_and_test_as_folders_of_folders(tmp_path: Path) -> None:
    parts = {"training": "train", "val": "valid", "test": "test"}
    files = {
        f"{part}__{label}__{k}": f"{part} {label} {k}" for part in parts for label in ("neg", "pos") for k in range(2)
    }
    records = read(folder(tmp_path, **files), DataSettings())
    assert records.split == [split for split in ("train", "valid", "test") for _ in range(4)]
    for text, split, label in zip(records.columns["text"], records.split or [], records.columns["label"], strict=True):
        part, said, _ = text.split()
        assert parts[part] == split and said == label
    assert str(records.where(4)).startswith("neg/") is False


@pytest.mark.parametrize("names", [("train", "test"), ("train", "dev", "eval"), ("training", "validation")])
def test_train_and_others_as_tables(names: tuple[str, ...], tmp_path: Path) -> None:
    files = {f"{name}_csv": f"text,label\n{name} a,x\n{name} b,y\n" for name in names}
    records = read(folder(tmp_path, **files), DataSettings())
    assert [text.split()[0] for text in records.columns["text"]] == [name for name in names for _ in "ab"]
    assert any("splits as given" in note for note in records.notes)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"x__y__z__README": ""}, ["holds nothing", "give one .txt file a class"]),
        ({"a_txt": "one\n", "b_txt": "\n"}, ["data/b.txt", "no sample"]),
        ({"pos__1": "x", "neg__README": "x"}, ["data/neg/", "no file"]),
        ({"a.json": "{}", "b.png": "x"}, ["holds nothing", "a.json"]),
        (
            {"train_csv": "text,label\na,x\nb,y\n", "test_csv": "text,other\na,x\nb,y\n"},
            ["test.csv", '"label"', "missing"],
        ),
        ({"train_csv": "x", "training_csv": "x", "test_csv": "x"}, ["both hold the train split"]),
        ({"a_txt": b"fine\0\n", "b_txt": "x\n"}, ["data/a.txt", "row 1", "NUL"]),
        ({"a_txt": b"\x89PNG\r\n", "b_txt": "x\n"}, ["data/a.txt", "PNG"]),
    ],
)
def test_odd_folders_are_refused_with_place_and_mend(files: dict[str, str], words: list[str], tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read(folder(tmp_path, **files), DataSettings())
    assert all(word in str(caught.value) for word in words), caught.value


def test_a_path_that_is_not_there_is_answered_with_a_near_one(tmp_path: Path) -> None:
    path = folder(tmp_path, pos__1="x", neg__1="y")
    with pytest.raises(UsageError, match='no such file or folder; did you mean ".*data"'):
        read(path.with_name("dota"), DataSettings())
    with pytest.raises(UsageError, match="does not exist either"):
        read(tmp_path / "no" / "where", DataSettings())


def test_a_format_can_be_said_and_a_misspelt_one_is_refused(tmp_path: Path) -> None:
    path = folder(tmp_path, one_txt="a,b\nc,d\n", two_txt="e,f\n")
    assert read(path / "one.txt", DataSettings(format="table", header="no")).columns == {
        "1": ["a", "c"],
        "2": ["b", "d"],
    }
    with pytest.raises(UsageError, match='did you mean "class_files"'):
        read(path, DataSettings(format="clas_files"))


@pytest.mark.parametrize("sign", ["-", "_", "."])
def test_splits_behind_what_all_names_share(sign: str, tmp_path: Path) -> None:
    parts = {"train": "آب\tabbe\nآدان\tadan\n", "eval": "آرلن\tarlen\n", "test": "آتزمون\tatzmon\n"}
    path = folder(tmp_path, **{f"ar2en{sign}{part}_txt": content for part, content in parts.items()}, LICENSE="free")
    records = read(path, DataSettings())
    assert records.split == ["train", "train", "valid", "test"], "eval beside test is the validation split"
    assert records.columns == {"1": ["آب", "آدان", "آرلن", "آتزمون"], "2": ["abbe", "adan", "arlen", "atzmon"]}
    assert str(records.where(2)) == f"ar2en{sign}eval.txt row 1"


def test_classes_that_are_named_like_a_split_stay_classes(tmp_path: Path) -> None:
    path = folder(tmp_path, **{"the-train_txt": "late\nfull\n", "the-test_txt": "hard\n", "the-bus_txt": "slow\n"})
    assert set(read(path, DataSettings()).columns["label"]) == {"the-train", "the-test", "the-bus"}


def test_texts_of_splits_behind_what_all_names_share_are_running_text(tmp_path: Path) -> None:
    lines = "the cat sat on the mat and so on\n" * 5
    path = folder(tmp_path, **{f"wiki.{part}.tokens": lines for part in ("train", "valid", "test")})
    assert is_running_text(path, DataSettings())
    assert splits_in(path) == {part: path / f"wiki.{part}.tokens" for part in ("train", "valid", "test")}
