"""The task ``tag`` from the command line: CoNLL files, tables of words and tags, letters and numbers as steps."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.cli.calling import call

SMALL = ["--epochs", "2", "--hidden-size", "5", "--set", "embedding_size=4", "--set", "baselines=majority", "--quiet"]
LETTERS = ["--set", "letters_size=4"]
PEOPLE, PLACES = ("Ada", "Noor", "Li"), ("Rio", "New York", "Ulm")


def sentences(count: int, seed: int) -> list[list[tuple[str, str, str]]]:
    """Words with a part of speech and a tag of spans."""
    chance = random.Random(seed)
    found = []
    for k in range(count):
        name = chance.choice(PEOPLE if k % 2 else PLACES).split()
        kind = "PER" if k % 2 else "LOC"
        sentence = [(word, "NOUN", f"{'I' if at else 'B'}-{kind}") for at, word in enumerate(name)]
        sentence += [(chance.choice(["saw", "likes", "left"]), "VERB", "O"), (chance.choice(["it", "us"]), "PRON", "O")]
        found.append([*sentence, (".", "PUNCT", "O")] if chance.random() < 0.7 else sentence)
    return found


def conll(parts: list[list[tuple[str, str, str]]]) -> str:
    return "".join("".join(" ".join(word) + "\n" for word in sentence) + "\n" for sentence in parts)


def write_table(path: Path, header: list[str], rows: list[list[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def read_rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``train.conll``, ``dev.conll`` and ``test.conll``, with sentences of their own."""
    folder = tmp_path_factory.mktemp("conll")
    for seed, (name, count) in enumerate({"train": 40, "dev": 12, "test": 15}.items()):
        text = conll(sentences(count, seed))
        (folder / f"{name}.conll").write_text(f"-DOCSTART- -X- O\n\n{text}" if name == "train" else text)
    return folder


@pytest.fixture(scope="module")
def tagged(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on the corpus."""
    path = tmp_path_factory.mktemp("runs") / "spans"
    splits = ["--valid", corpus / "dev.conll", "--test", corpus / "test.conll"]
    said = call("train", corpus / "train.conll", *splits, "--run", path, "--set", "letters=recurrent", *LETTERS, *SMALL)
    assert said.code == 0, said.err
    assert said.out.startswith("test ") and "span_f1" in said.out
    return path


def test_a_conll_file_becomes_a_run_with_spans(tagged: Path) -> None:
    figures = read_json(tagged / "metrics.json")
    assert (figures["task"], figures["metric"]) == ("tag", "span_f1")
    assert set(figures["test"]) == {"accuracy", "cross_entropy", "exact_match", "macro_f1", "span_f1"}
    assert set(figures["test"]) == set(figures["baseline"]) - {"name"}
    predictions = read_rows(tagged / "predictions.jsonl")
    assert len(predictions) == 15 and figures["steps"]["test"] == sum(len(row["truth"]) for row in predictions)
    lines = [k for k, word in enumerate(conll(sentences(15, 2)).split("\n"), 1) if word]
    firsts = [k for k in lines if k - 1 not in lines]
    for row, sentence, line in zip(predictions, sentences(15, 2), firsts, strict=True):
        assert (row["file"], row["row"]) == ("test.conll", line)
        assert row["inputs"] == {"1": [word for word, _, _ in sentence]}
        assert row["truth"] == [tag for _, _, tag in sentence]
        assert len(row["predicted"]) == len(row["sure"]) == len(row["baseline"]) == len(sentence)
        assert all(0 < share <= 1 for share in row["sure"])
        allowed = {"O", "B-PER", "I-PER", "B-LOC", "I-LOC"}
        assert set(row["predicted"]) <= allowed, "completed by the scheme"
        assert row["loss"] > 0
    assert (tagged / "report.html").read_text().count("<") > 100


def test_a_tag_is_learnt(corpus: Path, tmp_path: Path) -> None:
    """Not only run through: with more epochs the words' tags are known, beyond the most frequent tag."""
    more = ["--epochs", "12", "--hidden-size", "16", "--set", "baselines=majority", "--quiet", "--json"]
    said = call("train", corpus / "train.conll", "--run", tmp_path / "r", "--set", "learning_rate=0.01", *more)
    assert said.code == 0, said.err
    assert said.json["test"]["accuracy"] > 0.9 > said.json["baseline"]["accuracy"]


def test_another_column_of_the_file_is_learnt_by_name(corpus: Path, tmp_path: Path) -> None:
    said = call(
        "train", corpus / "train.conll", "--output", "2", "--input", "1", "--run", tmp_path / "r", *LETTERS, *SMALL
    )
    assert said.code == 0, said.err
    figures = read_json(tmp_path / "r" / "metrics.json")
    assert (figures["task"], figures["metric"]) == ("tag", "accuracy") and "span_f1" not in figures["test"]


def test_predict_texts_files_and_evaluate(tagged: Path, corpus: Path) -> None:
    one, two = call("predict", tagged, "--text", "Ada saw Rio.", "--text", "it").out.splitlines()
    assert len(one.split()) == 4 and len(two.split()) == 1, "a tag for every word, and the full stop is one"
    said = call("predict", tagged, corpus / "test.conll", "--json")
    rows = [json.loads(line) for line in said.out.splitlines()]
    saved = read_rows(tagged / "predictions.jsonl")
    assert [row["predicted"] for row in rows] == [row["predicted"] for row in saved]
    for row, expected in zip(rows, saved, strict=True):
        assert set(row) == {"predicted", "sure"} and row["sure"] == pytest.approx(expected["sure"], abs=1e-6)
    plain = call("predict", tagged, corpus / "test.conll").out.splitlines()
    assert plain == [" ".join(row["predicted"]) for row in saved]
    figures = call("evaluate", tagged, corpus / "test.conll", "--json")
    assert figures.json == pytest.approx(read_json(tagged / "metrics.json")["test"], rel=1e-5)


def test_check_says_what_will_be_done_and_trains_nothing(corpus: Path, tmp_path: Path) -> None:
    said = call("check", corpus / "train.conll")
    assert said.code == 0, said.err
    for words in (
        "CoNLL columns, 40 sentences",
        '"3" (tags) from "1" (words)',
        "task: tag (many to many, aligned)",
        "spans are marked by IOB2",
        "tags in training: O (",
    ):
        assert words in said.out, said.out
    figures = call("check", corpus / "train.conll", "--json").json
    assert figures["unit"] == "words" and set(figures["classes"]["train"]) >= {"O", "B-PER", "I-LOC"}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("options", [[], ["--output", "pos"], ["--task", "tag", "--set", "kinds=pos=tags"]])
def test_a_table_with_a_column_of_words_and_one_of_tags(options: list[str], tmp_path: Path) -> None:
    rows = [[" ".join(word for word, _, _ in s), " ".join(tag for _, tag, _ in s)] for s in sentences(50, 3)]
    table = write_table(tmp_path / "pos.csv", ["sentence", "pos"], rows)
    said = call("train", table, "--run", tmp_path / "r", *options, *LETTERS, *SMALL)
    assert said.code == 0, said.err
    figures = read_json(tmp_path / "r" / "metrics.json")
    assert (figures["task"], figures["metric"]) == ("tag", "accuracy")
    by_line = {int(row["row"]): row for row in read_rows(tmp_path / "r" / "predictions.jsonl")}
    for line, row in by_line.items():
        assert row["inputs"]["sentence"] == rows[line - 2][0] and row["truth"] == rows[line - 2][1].split()
    (answer,) = call("predict", tmp_path / "r", "--text", "Ada likes us .").out.splitlines()
    assert len(answer.split()) == 4


FOLDED = [["".join("MKVLAGPQ"[(k * 7 + 3 * i) % 8] for i in range(4 + k % 5)),
           "".join("HEC"[(k * 7 + 3 * i) % 8 // 3] for i in range(4 + k % 5))] for k in range(60)]  # fmt: skip


@pytest.mark.parametrize("tokens", [None, "characters", "bytes"])
def test_letters_as_steps(tokens: str | None, tmp_path: Path) -> None:
    table = write_table(tmp_path / "folds.csv", ["sequence", "structure"], FOLDED)
    chosen = [] if tokens is None else ["--set", f"tokens={tokens}"]
    said = call("train", table, "--run", tmp_path / "r", *chosen, *SMALL)
    assert said.code == 0, said.err
    unit = read_json(tmp_path / "r" / "fields.json")["fields"]["sequence"]["unit"]
    assert unit == (tokens or "characters")
    for row in read_rows(tmp_path / "r" / "predictions.jsonl"):
        assert row["truth"] == list(FOLDED[row["row"] - 2][1]) and len(row["predicted"]) == len(row["truth"])
    (answer,) = call("predict", tmp_path / "r", "--text", "MKVX").out.splitlines()
    assert len(answer.split()) == 4


def test_bytes_that_are_more_than_the_tags_are_refused_with_the_row(tmp_path: Path) -> None:
    table = write_table(tmp_path / "folds.csv", ["sequence", "structure"], [*FOLDED, ["MÄKV", "HEEC"]])
    assert call("check", table).code == 0
    said = call("train", table, "--run", tmp_path / "r", "--set", "tokens=bytes", *SMALL)
    assert said.code == 2
    assert 'folds.csv row 62, column "structure": 4 steps, but column "sequence" has 5; ' in said.err


@pytest.fixture(scope="module")
def heats(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Json lines with a number in and a number out for every step."""
    path, chance = tmp_path_factory.mktemp("numbers") / "heat.jsonl", random.Random(4)
    with path.open("w", encoding="utf-8") as file:
        for k in range(40):
            signal = [round(chance.gauss(0, 1), 3) for _ in range(1 + k % 6)]
            heat = [round(2 * value + before, 3) for before, value in zip([0.0, *signal[:-1]], signal, strict=True)]
            file.write(json.dumps({"signal": signal, "heat": heat}) + "\n")
    return path


NUMBERS = ["--epochs", "2", "--hidden-size", "5", "--quiet"]


def test_numbers_as_steps(heats: Path, tmp_path: Path) -> None:
    said = call("train", heats, "--output", "heat", "--run", tmp_path / "r", *NUMBERS)
    assert said.code == 0, said.err
    figures = read_json(tmp_path / "r" / "metrics.json")
    assert (figures["task"], figures["metric"]) == ("tag", "rmse") and set(figures["test"]) == {"mae", "mse", "rmse"}
    assert set(figures["baselines"]) == {"mean", "median", "ridge_steps"}
    saved = read_rows(tmp_path / "r" / "predictions.jsonl")
    for row in saved:
        assert "sure" not in row and len(row["predicted"]) == len(row["truth"]) == len(row["inputs"]["signal"])
    said = call("predict", tmp_path / "r", heats)
    assert said.code == 0 and len(said.out.splitlines()) == 40
    assert all(float(number) == pytest.approx(float(number)) for number in said.out.split())
    refused = call("predict", tmp_path / "r", "--text", "1 2 3")
    assert refused.code == 2 and "signal" in refused.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--set", "loss=absolute"], ["--set loss=absolute", '"3" holds tags', "leave it out"]),
        (["--set", "pooling=last"], ["--set pooling=last", "leave it out"]),
        (["--set", "bag=yes"], ["--set bag=yes", "leave it out"]),
        (["--set", "tokens=bytes"], ["--set tokens=bytes", "leave it out"]),
        (["--set", "letters=no", "--set", "letters_size=9"], ["letters_size", "leave one of them out"]),
        (["--set", "letters=sounds"], ["letters", "convolutional"]),
        (["--set", "crf=maybe"], ["crf", "auto"]),
        (["--set", "metric=rmse"], ["rmse", "span_f1"]),
        (["--task", "classify"], ["task classify", '"3" holds tags', "--task tag"]),
        (["--set", "kinds=3=numbers"], ["not a number"]),
        (["--set", "baselines=most_frequent"], ["most_frequent_tag"]),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    options: list[str], said: list[str], corpus: Path, tmp_path: Path
) -> None:
    found = call("train", corpus / "train.conll", "--run", tmp_path / "r", "--epochs", "1", "--quiet", *options)
    assert found.code == 2, found
    assert all(words in found.err for words in said), found.err
    assert not (tmp_path / "r" / "config.toml").exists()


@pytest.mark.parametrize("crf", ["yes", "no"])
def test_a_random_field_over_numbers_is_refused(crf: str, heats: Path, tmp_path: Path) -> None:
    said = call("train", heats, "--output", "heat", "--run", tmp_path / "r", "--set", f"crf={crf}", *NUMBERS)
    assert said.code == 2 and f'--set crf={crf}: column "heat" holds numbers' in said.err


BROKEN = [
    ("a column too few", ("Li NOUN B-PER\n", "Li B-PER\n"), "2 columns where the others have 3"),
    ("a tag of no span", ("Li NOUN B-PER\n", "Li NOUN PER\n"), 'column "3": the tag "PER" is outside the IOB2 scheme'),
]


@pytest.mark.parametrize(("name", "change", "said"), BROKEN, ids=[name for name, _, _ in BROKEN])
def test_a_mistake_in_the_file_names_its_line(
    name: str, change: tuple[str, str], said: str, corpus: Path, tmp_path: Path
) -> None:
    text = (corpus / "train.conll").read_text()
    line = text[: text.index(change[0])].count("\n") + 1
    splits = ["--valid", corpus / "dev.conll", "--test", corpus / "test.conll"]
    (tmp_path / "bad.conll").write_text(text.replace(*change, 1))
    for command in (["check"], ["train", "--run", tmp_path / "r", "--quiet"]):
        found = call(command[0], tmp_path / "bad.conll", *splits, *command[1:])
        assert found.code == 2 and "Traceback" not in found.err
        assert f"bad.conll row {line}" in found.err and said in found.err, found.err


def test_a_tag_that_only_test_has_names_its_line(corpus: Path, tmp_path: Path) -> None:
    text = (corpus / "test.conll").read_text()
    line = text[: text.index("B-PER")].count("\n") + 1
    (tmp_path / "odd.conll").write_text(text.replace("B-PER", "B-PRE", 1))
    splits = ["--valid", corpus / "dev.conll", "--test", tmp_path / "odd.conll"]
    found = call("train", corpus / "train.conll", *splits, "--run", tmp_path / "r", "--quiet")
    assert found.code == 2
    assert f'odd.conll row {line}, column "3": label "B-PRE" was not seen in training; is it "B-PER"?' in found.err


def test_the_task_is_listed_with_its_settings() -> None:
    assert "tag" in call("tasks").out
    said = call("tasks", "tag").out
    for name in ("crf", "loss", "letters", "letters_size", "most_frequent_tag", "linear_chain", "CoNLL"):
        assert name in said, name
    assert "metric: span_f1 where tags mark spans, else accuracy (of tags), rmse (of numbers)\n" in said
