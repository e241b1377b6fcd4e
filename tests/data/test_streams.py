"""Running text: recognised, split, tokenised in pieces, read in windows."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

import throughtime as tt
from throughtime.batch import Sequences
from throughtime.data.fields.tokens import LETTERS, Tokens
from throughtime.data.files import read
from throughtime.data.settings import DataSettings
from throughtime.data.streams import Stream, Streams, document, is_running_text, read_streams, streams
from throughtime.data.streams.document import Document
from throughtime.data.streams.store import EOS_ID, UNK_ID, stored, uncut, vocabulary_of
from throughtime.data.streams.streams import read_stream
from throughtime.data.streams.windows import NEXT, READ, SOS_ID, Windows, before
from throughtime.data.tokenisation import cut
from throughtime.data.vocabulary import SPECIALS, Vocabulary
from throughtime.errors import UsageError

PROSE = """\
First Citizen:
Before we proceed any further, hear me speak.

All:
Speak, speak; and, friends, be quick.

First Citizen:
You are all resolved, rather, to die than to famish?
"""
CODE = "import os\n\n\ndef name(path, other):\n    return os.path.join(path, other)\n"
PARTS = ("train", "valid", "test")


def write(room: Path, **contents: str | bytes) -> Path:
    """Files of a folder; in their names, _ stands for the point and __ for the slash."""
    return write_all(room, {name.replace("__", "/").replace("_", "."): content for name, content in contents.items()})


def write_all(room: Path, contents: Mapping[str, str | bytes]) -> Path:
    for name, content in contents.items():
        path = room / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return room


def settings(**chosen: object) -> DataSettings:
    return DataSettings(**{"valid": "0.05", "test": "0.05", **chosen})  # type: ignore[arg-type]


def quiet(sentence: str) -> None:
    pass


def text_of(found: Stream, field: Tokens) -> str:
    """The text of a stream; ``<eos>`` as it is."""
    tokens = field.vocabulary.decode(found.ids)
    if field.unit == "bytes":
        return bytes(ord(token) for token in tokens).decode()
    return ("" if field.unit in LETTERS else " ").join(tokens)


# ---- what is running text


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (PROSE, True),
        (PROSE.replace("\n", "\r\n"), True),
        ("the cat sat on the mat\na dog barked , and ran\nit rained all day\nso they slept\n", True),
        ("the <unk> sat on the mat\na dog <unk> , and ran\nno <unk> at N N\n", True),
        (CODE * 3, True),
        (PROSE.encode("utf-16").decode("latin-1"), True),  # with its mark
        ("text,label\nfine,pos\nbad,neg\ngood,pos\n", False),
        ("one\t1\ntwo\t2\nthree\t3\n", False),
        (
            json.dumps({"text": "fine", "label": "pos"}) + "\n" + json.dumps({"text": "bad", "label": "neg"}) + "\n",
            False,
        ),
        ("Ada NP B-PER\nslept VMI O\n. Fp O\n\nIt PP O\nran VMI O\n. Fp O\n", False),
        ("a\nb\nc\nd\n", False),
        ("one line alone\n", False),
        ("", False),
    ],
)
def test_a_file(content: str, expected: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(content.encode("latin-1"))
    assert is_running_text(path, settings()) is expected
    assert is_running_text(str(path), settings()) is expected


def test_a_table_by_its_name(tmp_path: Path) -> None:
    write(tmp_path, a_csv=PROSE, b_jsonl=PROSE, c_txt=PROSE)
    assert [is_running_text(tmp_path / name, settings()) for name in ("a.csv", "b.jsonl", "c.txt")] == [
        False,
        False,
        True,
    ]
    assert not is_running_text(tmp_path / "c.txt", settings(format="table"))
    assert not is_running_text(tmp_path / "c.txt", settings(output=("2",)))
    assert not is_running_text(tmp_path / "none.txt", settings())
    assert not is_running_text([PROSE], settings())
    assert not is_running_text(PROSE * 500, settings())  # too long for a path


def test_a_folder_of_code(tmp_path: Path) -> None:
    cached = {"b/__pycache__/c.cpython.pyc": b"\0" * 99, "b/__pycache__/d.py": CODE, ".git/e.py": CODE}
    write_all(tmp_path, {"a.py": CODE * 2, "b/c.py": CODE, "README.md": "# Code\n", "x.png": b"\x89PNG\0\0", **cached})
    assert is_running_text(tmp_path, settings())
    told: list[str] = []
    found = read_streams(tmp_path, settings(), told.append)
    assert told[0].startswith(f"{tmp_path.name}/: 2 .py files; ") and found.suffix == ".py"
    assert sum(found[name].characters for name in PARTS) == len(CODE) * 3


def test_folders_of_classes_and_of_tables_are_none(tmp_path: Path) -> None:
    lines = "a fine film\nwhat a film\ngood, good, good\nbest of the year\n"
    files = write(tmp_path / "files", pos_txt=lines, neg_txt=lines.replace("good", "bad"))
    folders = write(tmp_path / "folders", pos__1_txt=lines, pos__2_txt=PROSE, neg__1_txt=PROSE, neg__2_txt=lines)
    tables = write(tmp_path / "tables", train_csv="text,label\na,b\nc,d\n", test_csv="text,label\ne,f\ng,h\n")
    for folder in (files, folders, tables):
        assert not is_running_text(folder, settings()), folder
    assert tt.check(files).notes[0].startswith("files/: a folder in which each file is a class")


def test_a_text_alone_in_its_folder(tmp_path: Path) -> None:
    assert is_running_text(write(tmp_path / "a", b__c_md=PROSE), settings())
    assert not is_running_text(write(tmp_path / "f", c_txt=PROSE), settings())  # a class, the only one
    assert not is_running_text(write(tmp_path / "d", b_csv="text,label\nfine,pos\nbad,neg\n"), settings())
    (tmp_path / "e").mkdir()
    assert not is_running_text(tmp_path / "e", settings())


def test_the_task_is_proposed(tmp_path: Path) -> None:
    found = tt.check(write(tmp_path, a_txt=PROSE * 20) / "a.txt")
    assert found.notes[0].startswith("task: language_model (many to many, aligned), because the text has no table")
    assert found.figures["unit"] == "characters"


# ---- splits


def numbered(count: int, end: str = "\n") -> str:
    return "".join(f"line {k:05d} of the text{end}" for k in range(count))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_end_of_the_text_is_held_out_line_by_line(end: str, tmp_path: Path) -> None:
    path = write(tmp_path, a_txt=numbered(1000, end)) / "a.txt"
    found = read_streams(path, settings(test="0.03"), quiet)
    parts = {name: text_of(found[name], found.field) for name in PARTS}
    assert parts["train"] + parts["valid"] + parts["test"] == numbered(1000)
    assert [parts[name].count("\n") for name in PARTS] == [920, 50, 30]
    assert all(part.startswith("line 0") for part in parts.values())


def test_a_line_is_not_cut_where_another_begins_nearby(tmp_path: Path) -> None:
    path = write(tmp_path, a_txt=numbered(13)) / "a.txt"  # of which 5 % are less than a line
    found = read_streams(path, settings(), quiet)
    assert [text_of(found[name], found.field).count("\n") for name in PARTS] == [11, 1, 1]


def test_of_a_long_text_only_enough_is_held_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "ENOUGH", 230)
    found = read_streams(write(tmp_path, a_txt=numbered(1000)) / "a.txt", settings(), quiet)
    assert [found[name].characters for name in PARTS] == [980 * 23, 230, 230]


def test_few_texts_end_in_test(tmp_path: Path) -> None:
    texts = {name: f"{name} in abc\n" for name in "abc"}
    write_all(tmp_path, {f"{name}.py": text * (40 if name == "c" else 30) for name, text in texts.items()})
    found = read_streams(tmp_path, settings(valid="0.2", test="0.3"), quiet)
    a, b, c = texts.values()
    expected = [f"{a * 30}<eos>{b * 20}<eos>", f"{b * 10}<eos>{c * 10}<eos>", f"{c * 30}<eos>"]
    assert [text_of(found[name], found.field) for name in PARTS] == expected


def test_many_texts_are_drawn_whole(tmp_path: Path) -> None:
    write_all(tmp_path, {f"f{k:02d}.py": f"v{k:02d} = {'1' * (k % 7)}2\n" * 9 for k in range(40)})
    found, again = (read_streams(tmp_path, settings(valid="0.1", test="0.2"), quiet) for _ in range(2))
    other = read_streams(tmp_path, settings(valid="0.1", test="0.2", split_seed=1), quiet)
    texts = {name: text_of(found[name], found.field).split("<eos>")[:-1] for name in PARTS}
    assert sorted(text for part in texts.values() for text in part) == sorted(
        path.read_text() for path in tmp_path.iterdir()
    )
    assert len(texts["valid"]) >= 3 and len(texts["test"]) >= 6
    whole = sum(found[name].characters for name in PARTS)
    assert (
        0.1 * whole <= found["valid"].characters < 0.13 * whole
        and 0.2 * whole <= found["test"].characters < 0.23 * whole
    )
    assert [again[name].digest for name in PARTS] == [found[name].digest for name in PARTS]
    assert other["test"].digest != found["test"].digest


def test_splits_in_files_of_their_own(tmp_path: Path) -> None:
    write(
        tmp_path, a__train_txt=numbered(50), a__valid_txt=numbered(3), a__test_txt=numbered(4), a__README_md="Read me\n"
    )
    write(tmp_path, b__train_txt=numbered(50), b__dev_txt=numbered(3))
    told: list[str] = []
    found = read_streams(tmp_path / "a", settings(), told.append)
    assert told[0].startswith("a/: splits as given: ") and is_running_text(tmp_path / "a", settings())
    assert [text_of(found[name], found.field) for name in PARTS] == [numbered(50), numbered(3), numbered(4)]
    drawn = read_streams(tmp_path / "b", settings(), quiet)
    assert [text_of(drawn[name], drawn.field).count("\n") for name in PARTS] == [48, 3, 2]
    named = read_streams(tmp_path / "a" / "train.txt", settings(valid=str(tmp_path / "b" / "dev.txt")), quiet)
    assert [text_of(named[name], named.field).count("\n") for name in PARTS] == [48, 3, 2]
    with pytest.raises(UsageError, match=r"valid\.txt is the valid split already; leave one out"):
        read_streams(tmp_path / "a", settings(valid=str(tmp_path / "b" / "dev.txt")), quiet)


def test_a_program_beside_its_tests_is_no_split(tmp_path: Path) -> None:
    write(tmp_path, train_py=CODE * 9, test_py=CODE * 9, model_py=CODE * 9)
    found = read_streams(tmp_path, settings(), quiet)
    assert sum(found[name].characters for name in PARTS) == 27 * len(CODE)


def test_rows_with_a_column_of_texts(tmp_path: Path) -> None:
    rows = "text,who\n" + "".join(f'"line, {k}\nand more",x\n' for k in range(30))
    write(tmp_path, a_csv=rows, b_csv="text,who\nline 7,x\n\n,y\nmore,x\n")
    chosen = settings(input=("text",), valid=str(tmp_path / "b.csv"))
    found = read_streams(tmp_path / "a.csv", chosen, quiet, records=read(tmp_path / "a.csv", chosen))
    assert text_of(found["valid"], found.field) == "line 7<eos>more<eos>"
    assert (
        text_of(found["train"], found.field).count("<eos>") + text_of(found["test"], found.field).count("<eos>") == 30
    )


def test_the_vocabulary_is_that_of_training(tmp_path: Path) -> None:
    path = write(tmp_path, a_txt=numbered(200) + "ZZZ ??\n" * 3) / "a.txt"
    found = read_streams(path, settings(), quiet)
    assert "Z" not in found.field.vocabulary and (found["test"].ids == UNK_ID).sum() == 5 * 3
    assert (found["train"].ids == UNK_ID).sum() == 0


# ---- tokens


def fitted(texts: Sequence[str], unit: str, lower: bool = False, **chosen: int) -> Tokens:
    documents = [Document.in_memory(text, "a") for text in texts]
    empty = Tokens("text", Vocabulary(SPECIALS), unit, lower, None)  # type: ignore[arg-type]
    vocabulary, *_ = vocabulary_of(documents, empty, chosen.get("least"), chosen.get("most"))
    return Tokens("text", vocabulary, unit, lower, None)  # type: ignore[arg-type]


def plain(text: str, unit: str, lower: bool = False, several: bool = False) -> list[str]:
    """The tokens of a text as a whole, by the definition."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if unit in LETTERS:
        return cut(text, unit, lower) + ["<eos>"] * several  # type: ignore[arg-type]
    lines = text.split("\n")
    lines = lines[:-1] if lines[-1] == "" else lines
    return [token for line in lines for token in [*cut(line, unit, lower), "<eos>"]]  # type: ignore[arg-type]


def stream_of(text: str | Document, field: Tokens, several: bool = False) -> list[str]:
    found = text if isinstance(text, Document) else Document.in_memory(text, "a")
    return field.vocabulary.decode(stored([found], field, None, several=several).ids)


def test_words_end_their_lines_with_eos_and_never_begin_one() -> None:
    text = "The cat sat.\n\nIt ran, and ran\n"
    field = fitted([text], "words")
    expected = ["The", "cat", "sat", ".", "<eos>", "<eos>", "It", "ran", ",", "and", "ran", "<eos>"]
    assert stream_of(text, field) == stream_of(text, field, several=True) == expected == plain(text, "words")
    assert stream_of(text.rstrip("\n"), field) == expected  # the last line ends with the text
    assert stream_of(text + "\n", field) == [*expected, "<eos>"]


def test_characters_and_bytes_end_texts_with_eos_where_there_are_several() -> None:
    for unit in LETTERS:
        field = fitted(["é\n"], unit)
        assert stream_of("é\n", field) == plain("é\n", unit)
        assert stream_of("é\n", field, several=True) == [*plain("é\n", unit), "<eos>"]
    assert len(stream_of("é\n", fitted(["é\n"], "bytes"))) == 3


def test_unknown_words_in_the_text_are_unknown(tmp_path: Path) -> None:
    text = "the <unk> sat on N <unk>\nthe dog sat on N mats\n" * 30
    told: list[str] = []
    found = read_streams(write(tmp_path, a_txt=text) / "a.txt", settings(), told.append)
    assert found.field.unit == "spaces" and found.field.vocabulary.tokens.count("<unk>") == 1
    assert any("the text holds <unk>" in sentence for sentence in told) and not any("rarer" in note for note in told)
    assert (
        found["train"].ids[:7].tolist()
        == found.field.vocabulary.encode(["the", "<unk>", "sat", "on", "N", "<unk>", "<eos>"]).tolist()
    )
    assert found["train"].ids[1] == UNK_ID and found["train"].ids[6] == EOS_ID
    words = fitted([text], "words")
    assert stream_of("a <unk> <UNK>.", words) == ["<unk>", "<unk>", "<unk>", "<unk>", "<eos>"]


def test_rare_words_are_unknown_and_counted() -> None:
    text = "a b c " * 5000 + "d d e"
    empty = Tokens("text", Vocabulary(SPECIALS), "words", False, None)
    found, tokens, unknown = vocabulary_of([Document.in_memory(text, "a")], empty, None, None)
    assert found.tokens == (*SPECIALS, "a", "b", "c", "d") and (tokens, unknown) == (15_003, 1)
    assert vocabulary_of([Document.in_memory(text, "a")], empty, 1, 2)[1:] == (15_003, 5003)
    assert "e" in vocabulary_of([Document.in_memory(text, "a")], empty, 1, None)[0]


def test_of_very_many_words_the_rare_ones_are_forgotten(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("throughtime.data.streams.store.MOST_WORDS", 50)
    monkeypatch.setattr(document, "PIECE", 200)
    chance = random.Random(3)
    words = [f"w{int(chance.paretovariate(0.7))}" for _ in range(5000)]
    path = write(tmp_path, a_txt=" ".join(words)) / "a.txt"
    empty = Tokens("text", Vocabulary(SPECIALS), "words", False, None)
    found, tokens, unknown = vocabulary_of([Document.in_file(path, "a", "auto")], empty, 1, None)
    assert tokens == 5000 and len(found) < 90 and 0 < unknown < 3000
    frequent = [word for word in set(words) if words.count(word) > 100]
    assert frequent and all(word in found for word in frequent)


LINES = [
    "",
    "é — \U0001f600",
    "ΑΣ ΑΣΑ ΣΑΣ.",
    "don't 3.14 stop,",
    "x" * 40,
    "a\tb  c \x0b d\x85e\u2028f",
    "<unk> İstanbul",
]


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 61, 1 << 20])
@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_tokens_do_not_depend_on_the_pieces(
    piece: int, codec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Characters of several bytes, line ends of two, and words: cut at every border."""
    chance = random.Random(1)
    text = "".join(chance.choice(LINES) + chance.choice(["\n", "\r\n", "\r", " "]) for _ in range(60))
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode(codec))
    monkeypatch.setattr(document, "PIECE", piece)
    found = Document.in_file(path, "a.txt", "auto")
    assert "".join(found.pieces()) == text.replace("\r\n", "\n").replace("\r", "\n")
    for unit in ("characters", "bytes", "words", "spaces"):
        for lower in (False, True):
            field = fitted([text], unit, lower)
            empty = Tokens("text", Vocabulary(SPECIALS), unit, lower, None)  # type: ignore[arg-type]
            assert vocabulary_of([found], empty, None, None)[0] == field.vocabulary
            assert stream_of(found, field, several=True) == plain(text, unit, lower, several=True), (unit, lower)
            end = found.line_start(found.begin + found.size * 2 // 3)
            parts = [found.part(found.begin, end), found.part(end, found.end)]
            assert stream_of(parts[0], field) + stream_of(parts[1], field) == plain(text, unit, lower), (unit, lower)


@pytest.mark.parametrize("piece", [1, 5, 1 << 20])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "latin-1"])
def test_where_a_line_and_a_character_start(
    piece: int, codec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From every byte on; the second line holds the two bytes of a line end that are none."""
    lines = ["aé\n", "ä\u0a05\u0100\n", "\r\n", "b\U0001f600é", "c\n", "end"]
    if codec == "latin-1":
        lines = ["aé\n", "\r\n", "end"]
    mark = len("".encode(codec))
    sizes = [[len(character.encode(codec)) - mark for character in line] for line in lines]
    path = tmp_path / "a.txt"
    path.write_bytes("".join(lines).encode(codec))
    monkeypatch.setattr(document, "PIECE", piece)
    whole = Document.in_file(path, "a.txt", "auto" if codec in ("utf-8", "utf-8-sig", "utf-16", "utf-32") else codec)
    assert whole.begin == mark and whole.end == path.stat().st_size
    ends = (mark + np.cumsum([sum(line) for line in sizes])).tolist()
    starts = [mark, *(end for line, end in zip(lines, ends, strict=True) if line.endswith("\n")), whole.end]
    characters = [mark, *(mark + np.cumsum([size for line in sizes for size in line])).tolist()]
    for at in range(mark, whole.end + 1):
        assert whole.line_start(at) == min(start for start in starts if start >= at), at
        assert whole.character_start(at) == min(start for start in characters if start >= at), at
    text = Document.in_memory("".join(lines), "a")
    for at in range(len(text.text) + 1):
        found = text.text.find("\n", at - 1) + 1 if at else 0
        assert text.line_start(at) == (found or len(text.text) * (at > 0)) and text.character_start(at) == at


def test_the_numbers_are_as_small_as_they_can_be(tmp_path: Path) -> None:
    sizes = {}
    for count in (20, 251, 252):
        text = "".join(chr(0x4E00 + k) for k in range(count)) * 2 + "\n"
        found = stored([Document.in_memory(text, "a")], fitted([text], "characters"), tmp_path, several=False)
        sizes[count] = found.ids.dtype.itemsize
        assert found.read(1, 4).tolist() == found.ids[1:4].tolist() and found.characters == len(text)
    assert sizes == {20: 1, 251: 1, 252: 2}  # with the special tokens and the end of the line
    assert list(tmp_path.iterdir()) == []  # nobody else sees the file


def test_a_stream_is_read_from_its_file() -> None:
    text = numbered(100)
    found = stored([Document.in_memory(text, "a")], fitted([text], "characters"), None, several=False)
    for begin, end in ((0, 1), (0, len(found)), (17, 17), (len(found) - 3, len(found)), (5, 90)):
        assert found.read(begin, end).tolist() == found.ids[begin:end].tolist()
    assert isinstance(found.ids, np.memmap) and len(found) == len(text)


def test_another_text_in_the_tokens_of_a_run(tmp_path: Path) -> None:
    known = read_streams(write(tmp_path, a_txt=PROSE * 20) / "a.txt", settings(), quiet).field
    found = read_stream(write(tmp_path, b_txt="To be, §\n") / "b.txt", settings(), known)
    assert found["test"].ids[-2] == UNK_ID and found.field is known
    again = read_streams(tmp_path / "a.txt", settings(), quiet, known=known)
    assert again.field == known


# ---- windows


def made_up(count: int) -> Stream:
    return Stream(np.arange(count, dtype=np.uint16) + 4, count, "")


@pytest.mark.parametrize(
    ("count", "rows", "steps"),
    [(1, 1, 1), (7, 1, 3), (12, 3, 4), (13, 3, 4), (100, 7, 9), (5, 8, 2), (9, 4, 5), (64, 64, 1), (101, 10, 1000)],
)
def test_every_token_is_predicted_once_after_the_one_before(count: int, rows: int, steps: int) -> None:
    found = made_up(count)
    windows = Windows(found, rows, steps)
    predicted: list[list[int]] = [[] for _ in range(rows)]
    read_ids: list[list[int]] = [[] for _ in range(rows)]
    for number, batch in enumerate(windows):
        read_column, following = batch[READ], batch[NEXT]
        assert isinstance(read_column, Sequences) and isinstance(following, Sequences)
        assert read_column.data.shape == following.data.shape and following.data.shape[0] == rows == len(batch)
        assert 1 <= following.data.shape[1] <= steps
        assert read_column.lengths.tolist() == following.lengths.tolist()
        assert batch.offset == number * steps and batch.state is None
        assert batch.sample_ids.tolist() == [number * rows + row for row in range(rows)]
        for row, length in enumerate(following.lengths.tolist()):
            predicted[row] += following.data[row, :length].tolist()
            read_ids[row] += read_column.data[row, :length].tolist()
            assert not following.data[row, length:].any() and not read_column.data[row, length:].any()
    assert number + 1 == len(windows)
    assert [token for row in predicted for token in row] == found.ids.tolist()
    assert [token for row in read_ids for token in row] == [SOS_ID, *found.ids[:-1].tolist()]
    lengths = [len(row) for row in predicted]
    assert max(lengths) == windows.row_length == lengths[0] and sorted(lengths, reverse=True) == lengths


def test_windows_from_the_middle_on_are_the_same() -> None:
    all_of_them, later = list(Windows(made_up(50), 3, 4)), list(Windows(made_up(50), 3, 4, start=2))
    assert len(later) == len(all_of_them) - 2 and len(Windows(made_up(50), 3, 4, start=2)) == len(all_of_them)
    for expected, batch in zip(all_of_them[2:], later, strict=True):
        assert batch.offset == expected.offset and batch.sample_ids.tolist() == expected.sample_ids.tolist()
        assert batch[NEXT].data.tolist() == expected[NEXT].data.tolist()  # type: ignore[union-attr]


def test_what_is_read_before() -> None:
    found = made_up(5)
    assert before(found, 0, 3).tolist() == [SOS_ID, 4, 5]
    assert before(found, 2, 2).tolist() == [5, 6]
    assert before(found, 0, 1).tolist() == [SOS_ID]
    assert before(found, 0, 0).tolist() == before(found, 3, 0).tolist() == []


def test_sources_of_all_kinds_give_streams(tmp_path: Path) -> None:
    found = read_streams(write(tmp_path, a_txt=PROSE * 20) / "a.txt", settings(tokens="words", lower_case="yes"), quiet)
    assert isinstance(found, Streams) and found.field.unit == "words" and "citizen" in found.field.vocabulary
    assert "".join(uncut(iter(["ab c", "d\ne", "f"]), found.field)) == "ab cd\nef"


@pytest.mark.parametrize(
    ("texts", "unit", "end"),
    [
        (1, "characters", ("t", "\n")),
        (1, "bytes", ("t", "\n")),
        (1, "words", ("text", "<eos>")),
        (2, "characters", ("\n", "<eos>")),
        (12, "words", ("text", "<eos>")),
    ],
)
def test_what_a_text_begins_after(tmp_path: Path, texts: int, unit: str, end: tuple[str, ...]) -> None:
    for number in range(texts):
        (tmp_path / f"{number:02}.txt").write_text("a line of text\n" * 60)
    source = tmp_path if texts > 1 else tmp_path / "00.txt"
    field = read_streams(str(source), DataSettings(tokens=unit), lambda _: None).field
    assert field.start[-2:] == end and 200 < len(field.start) <= 256
    assert Tokens.from_json(field.to_json()) == field
