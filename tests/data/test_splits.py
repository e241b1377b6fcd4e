"""Splits: by fraction, class by class, by groups, by a column, from files; what is given is left as it is."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from throughtime.data.files import read
from throughtime.data.nucleotides import reverse_complement
from throughtime.data.records import Records
from throughtime.data.settings import DataSettings
from throughtime.data.splits import NAMES, Splits, given_splits, split
from throughtime.errors import DataError, ThroughtimeError, UsageError


def divided(
    source: Any, *, stratify: bool = True, inputs: Sequence[str] = ("text",), output: str = "label", **settings: Any
) -> Splits:
    chosen = DataSettings(**settings)
    records = source if isinstance(source, Records) else read(source, chosen)
    return split(records, chosen, inputs, output, stratify=stratify, given=given_splits(records, chosen))


def rows(part: Records) -> list[tuple[Any, ...]]:
    return list(zip(*part.columns.values(), strict=True))


def material(sizes: dict[str, int], seed: int = 0) -> dict[str, list[Any]]:
    """So many different rows of each class, in a random order."""
    labels = [name for name, size in sizes.items() for _ in range(size)]
    random.Random(seed).shuffle(labels)
    return {"text": [f"text {k}" for k in range(len(labels))], "label": labels}


def test_every_row_is_in_one_split_and_order_within_a_split_is_that_of_the_file() -> None:
    source = material({"x": 71, "y": 30})
    splits = divided(source)
    parts = [rows(getattr(splits, name)) for name in NAMES]
    everything = list(zip(source["text"], source["label"], strict=True))
    assert sorted(row for part in parts for row in part) == sorted(everything)
    assert all(part == [row for row in everything if row in set(part)] for part in parts)
    assert splits.notes[-1] == f"rows: {len(parts[0])} train, {len(parts[1])} valid, {len(parts[2])} test"


@pytest.mark.parametrize("seed", range(20))
def test_sizes_are_close_to_the_fractions_and_every_class_has_a_training_row(seed: int) -> None:
    chance = random.Random(seed)
    sizes = {f"class {k}": max(1, int(chance.paretovariate(0.7))) % 400 + 1 for k in range(chance.randint(2, 30))}
    valid, test = chance.choice([0.05, 0.1, 0.2]), chance.choice([0.1, 0.25])
    sizes["large"] = 100 + chance.randint(0, 50)
    splits = divided(material(sizes, seed), valid=str(valid), test=str(test), split_seed=seed)
    total = sum(sizes.values())
    alone = sum(size == 1 for size in sizes.values())
    for name, share in (("valid", valid), ("test", test)):
        assert abs(len(getattr(splits, name)) - share * total) <= 2 + alone
    assert set(splits.train.columns["label"]) == set(sizes)
    counts = Counter(splits.test.columns["label"])
    for name, size in sizes.items():
        assert abs(counts[name] - test * size) <= 2


def test_many_single_rows_do_not_use_up_another_class() -> None:
    sizes = {f"a{k}": 1 for k in range(500)} | {"z": 100}
    splits = divided(material(sizes))
    assert 9 <= Counter(splits.test.columns["label"])["z"] <= 12
    assert Counter(splits.train.columns["label"])["z"] >= 70


def test_a_split_is_a_function_of_its_seed_and_of_nothing_else() -> None:
    source = material({"x": 40, "y": 41})
    first, again, other = (divided(source, split_seed=seed) for seed in (3, 3, 4))
    assert [rows(getattr(first, name)) for name in NAMES] == [rows(getattr(again, name)) for name in NAMES]
    assert rows(first.test) != rows(other.test) and len(first.test) == len(other.test)
    random.seed(9)
    assert rows(divided(source, split_seed=3).test) == rows(first.test)


def test_without_classes_the_rows_are_drawn_all_together() -> None:
    source = {"text": [f"t{k}" for k in range(90)], "label": [k * 0.5 for k in range(90)]}
    splits = divided(source, stratify=False, valid="0.2", test="0.3")
    assert (len(splits.train), len(splits.valid), len(splits.test)) == (45, 18, 27)


def test_identical_rows_are_left_out_counted_and_never_on_both_sides() -> None:
    source = material({"x": 60, "y": 60})
    twice = {name: values + values[:37] for name, values in source.items()}
    splits = divided(twice)
    found = [row for name in NAMES for row in rows(getattr(splits, name))]
    assert len(found) == len(set(found)) == 120 and splits.repeated == 37
    assert any("37 of 157 rows repeat an earlier one" in note for note in splits.notes)


def test_a_sequence_and_its_other_strand_are_one_where_both_are_read() -> None:
    chance = random.Random(3)
    once = ["".join(chance.choice("ACGT") for _ in range(30)) for _ in range(40)]
    source = {"text": [*once, *map(reverse_complement, once)], "label": [*"xy" * 20] * 2}
    assert divided(source).repeated == 0
    found = divided(source, reverse_complement="tied")
    assert found.repeated == 40
    assert any("same input, on either strand" in note for note in found.notes)
    both = [(text, label) for text, label in zip(source["text"], source["label"], strict=True)]
    given = {"text": [text for text, _ in both], "label": [label for _, label in both], "part": []}
    given["part"] = ["train" if k < 70 else "valid" if k < 75 else "test" for k in range(80)]
    told = divided(given, reverse_complement="augment", split="part").notes
    assert any(note.startswith("5 of 5 test rows stand in train too") for note in told)
    texts = {"text": [f"{word} {k}" for k in range(20) for word in ("one", "two")], "label": [*"xy"] * 20}
    assert divided(texts, reverse_complement="tied").repeated == 0


def test_what_stands_beside_inputs_and_output_makes_no_difference_to_rows() -> None:
    source = material({"x": 30, "y": 30})
    source["id"] = list(range(60))
    twice = {name: values * 2 for name, values in source.items()}
    twice["id"] = list(range(120))
    assert divided(twice).repeated == 60


def test_one_input_under_two_outputs_is_counted_and_kept() -> None:
    source = material({"x": 50, "y": 50})
    source = {"text": [*source["text"], "both", "both"], "label": [*source["label"], "x", "y"]}
    splits = divided(source)
    assert any('1 input stands under several values of "label" (2 rows)' in note for note in splits.notes)
    assert sum(text == "both" for name in NAMES for text in getattr(splits, name).columns["text"]) == 2


def test_rows_without_a_value_to_learn_are_left_out_and_said(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("text,label\n" + "".join(f"t{k},{'' if k == 4 else 'xy'[k % 2]}\n" for k in range(40)))
    splits = divided(str(path))
    assert sum(map(len, (splits.train, splits.valid, splits.test))) == 39
    assert '1 row has no value to learn and is left out: data.csv row 6, column "label"' in splits.notes


@pytest.mark.parametrize("seed", range(25))
def test_groups_stay_whole_and_classes_have_training_rows(seed: int) -> None:
    chance = random.Random(seed)
    groups = [f"g{int(chance.paretovariate(0.8)) % 60}" for _ in range(300)]
    label_of = {group: chance.choice("xyz") if chance.random() < 0.9 else "rare" for group in sorted(set(groups))}
    mixed = chance.random() < 0.5
    labels = [chance.choice("xyz") if mixed else label_of[group] for group in groups]
    source = {"text": [f"t{k}" for k in range(300)], "label": labels, "who": groups}
    try:
        splits = divided(source, group="who", valid="0.2", test="0.2", split_seed=seed)
    except UsageError as error:
        assert '"who" are too few or too large' in str(error)
        return
    seen: dict[str, str] = {}
    for name in NAMES:
        for group in getattr(splits, name).columns["who"]:
            assert seen.setdefault(group, name) == name
    assert set(splits.train.columns["label"]) == set(labels)
    largest = max(Counter(groups).values())
    for part in (splits.valid, splits.test):
        assert abs(len(part) - 60) <= largest


def test_a_column_says_the_split() -> None:
    source = material({"x": 30, "y": 30})
    source["part"] = [("train", "Training", "dev", "test")[k % 4] for k in range(60)]
    splits = divided(source, split="part")
    assert [len(getattr(splits, name)) for name in NAMES] == [30, 15, 15]
    assert set(splits.valid.columns["part"]) == {"dev"}


@pytest.mark.parametrize(("said", "drawn"), [("test", "valid"), ("valid", "test")])
def test_what_the_column_does_not_say_is_drawn_from_training(said: str, drawn: str) -> None:
    source = material({"x": 100, "y": 100})
    source["part"] = ["train"] * 150 + [said] * 50
    source = {name: values + values[:20] for name, values in source.items()}
    splits = divided(source, split="part", **{drawn: "0.2"})  # type: ignore[arg-type]
    assert rows(getattr(splits, said)) == rows(read(source, DataSettings()))[150:200]
    assert len(getattr(splits, drawn)) == 30 and len(splits.train) == 120, "repeated rows of training are left out"
    assert any(f"no {drawn} split is given: 20% of the training rows" in note for note in splits.notes)


def test_rows_of_given_splits_are_all_kept_and_the_overlap_is_said(tmp_path: Path) -> None:
    train, test = material({"x": 60, "y": 60}), material({"x": 10, "y": 10}, seed=1)
    test = {name: values + train[name][:3] * 2 for name, values in test.items()}
    paths = {}
    for name, part in (("train", train), ("test", test)):
        paths[name] = tmp_path / f"{name}.csv"
        lines = [
            f"{text} of {name if k < 20 else 'train'},{label}"
            for k, (text, label) in enumerate(rows(read(part, DataSettings())))
        ]
        paths[name].write_text("\n".join(["text,label", *lines]) + "\n")
    splits = divided(str(paths["train"]), test=str(paths["test"]))
    assert len(splits.test) == 26 and splits.test.source == "test.csv"
    inside = {row for row in rows(splits.test)} & {row for row in rows(splits.train)}
    both = sum(row in inside for row in rows(splits.test))
    assert any(f"{both} of 26 test rows stand in train too" in note for note in splits.notes) == bool(both)


def test_a_test_file_needs_the_inputs_and_the_output_and_no_more(tmp_path: Path) -> None:
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    train.write_text("id,text,label\n" + "".join(f"{k},t{k},{'xy'[k % 2]}\n" for k in range(40)))
    test.write_text("label,text\nx,a\ny,b\n")
    assert len(divided(str(train), test=str(test)).test) == 2
    test.write_text("label,txt\nx,a\ny,b\n")
    with pytest.raises(DataError, match='test.csv: the column "text" of train.csv is missing; rename "txt"'):
        divided(str(train), test=str(test))


@pytest.mark.parametrize("parts", [("train", "test"), ("train", "valid"), ("train", "valid", "test")])
def test_a_folder_says_its_splits(parts: tuple[str, ...], tmp_path: Path) -> None:
    for part in parts:
        (tmp_path / f"{part}.csv").write_text(
            "text,label\n" + "".join(f"{part} {k},{'xy'[k % 2]}\n" for k in range(40))
        )
    splits = divided(str(tmp_path))
    for name in NAMES:
        source = {row[0].split()[0] for row in rows(getattr(splits, name))}
        assert source == {name if name in parts else "train"}


def test_a_file_takes_the_place_of_the_folders_own(tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("text,label\nq,x\nr,y\n")
    for part in ("train", "test"):
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / f"{part}.csv").write_text(
            "text,label\n" + "".join(f"{part} {k},{'xy'[k % 2]}\n" for k in range(40))
        )
    splits = divided(str(tmp_path / "in"), test=str(other))
    assert splits.test.columns["text"] == ["q", "r"]
    assert not any(text.startswith("test") for text in splits.train.columns["text"] + splits.valid.columns["text"])
    assert any("other.csv takes the place" in note for note in splits.notes)


SOURCE = {
    **material({"x": 20, "y": 20}),
    "part": ["train", "valid", "test", "train"] * 10,
    "only": ["train"] * 40,
    "odd": ["train", "tset"] * 20,
    "one": ["g"] * 40,
}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"valid": "1.5"}, ["--valid 1.5", "between 0 and 1"]),
        ({"test": "0"}, ["--test 0", "between 0 and 1"]),
        ({"test": "nan"}, ["--test nan", "between 0 and 1"]),
        ({"valid": "nowhere.csv"}, ["--valid nowhere.csv", "neither a fraction", "nor a file"]),
        ({"valid": "x" * 5000}, ["neither a fraction", "nor a file"]),
        ({"valid": "0.5", "test": "0.5"}, ["--valid 0.5 and --test 0.5", "nothing to train on"]),
        ({"valid": "0.001"}, ["valid split has no rows", "40 different rows are too few"]),
        ({"split": "only"}, ['column "only"', "say only train", "valid or test"]),
        ({"split": "odd"}, ["row 2", 'column "odd"', '"tset" is not train, valid or test', "correct"]),
        ({"split": "prat"}, ["unknown column", 'did you mean "part"']),
        ({"split": "part", "valid": "0.3"}, ["--valid 0.3", "--split part", "leave one out"]),
        ({"split": "part", "group": "one"}, ["--group one", "leave it out"]),
        ({"split": "part", "split_seed": 5}, ["split_seed=5", "none is drawn"]),
        ({"group": "one"}, ["valid split has no rows", '"one" are too few or too large']),
        ({"group": "who"}, ["unknown column"]),
    ],
)
def test_what_cannot_be_split_is_refused_with_the_mend(settings: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ThroughtimeError) as caught:
        divided(SOURCE, **settings)
    assert isinstance(caught.value, (DataError, UsageError))
    assert all(word in str(caught.value) for word in words), caught.value


def test_no_row_with_a_value_is_refused() -> None:
    with pytest.raises(DataError, match='column "label": no row has a value to learn; fill in'):
        divided({"text": ["a", "b"], "label": ["", None]})
