"""Broken files of tagged text: each names its file, its line and the mend."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from throughtime.data.files import read
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError, Place

NAMES = """\
Ada NP B-PER
Lovelace NP I-PER
slept VMI O
. Fp O

In SP O
Rome NP B-LOC
it PP O
rained VMI O
. Fp O
"""
TABS = NAMES.replace(" ", "\t")
UNIVERSAL = """\
# sent_id = 1
1	I	I	PRON	PRP	_	2	nsubj	_	_
2-3	don't	_	_	_	_	_	_	_	_
2	do	do	AUX	VBP	_	0	root	_	_
3	n't	not	PART	RB	_	2	advmod	_	_
3.1	go	go	VERB	VB	_	_	_	_	_
4	.	.	PUNCT	.	_	2	punct	_	_

# sent_id = 2
1	It	it	PRON	PRP	_	2	nsubj	_	_
2	rained	rain	VERB	VBD	_	0	root	_	_
3	today	today	NOUN	NN	_	2	obl:tmod	_	_
4	.	.	PUNCT	.	_	2	punct	_	_

"""


@dataclass(frozen=True)
class Broken:
    """``content`` is read as ``name``; the message begins with the name and ``row`` and holds what is ``said``."""

    what: str
    name: str
    content: str | bytes
    row: int | None
    said: tuple[str, ...]


def line(k: int, content: str, text: str = NAMES) -> str:
    """The text with its line ``k`` replaced."""
    lines = text.split("\n")
    lines[k - 1] = content
    return "\n".join(lines)


def columns(what: str, content: str | bytes, row: int | None, *said: str) -> Broken:
    return Broken(what, "some.txt", content, row, said)


def universal(what: str, content: str | bytes, row: int | None, *said: str) -> Broken:
    return Broken(what, "some.conllu", content, row, said)


def word(k: int, content: str) -> str:
    return line(k, content, UNIVERSAL)


MIDDLE = "the file ends in the middle of a"
BROKEN = [
    columns("no tag", line(7, "Rome NP"), 7, "2 columns where the others have 3", "fill the line in"),
    columns("a lone token", line(1, "Ada"), 1, "1 column where the others have 3", "leave it blank"),
    columns("a token of two words", line(7, "New York NP B-LOC"), 7, "4 columns", "a token holds no space"),
    columns("a tab too many", line(7, "Rome\tNP\tB-LOC\tX", TABS), 7, "4 columns where", "remove what is too many"),
    columns("an empty cell", line(8, "it\t\tO", TABS), 8, "2 columns where the others have 3", "fill the line in"),
    columns("no token among tabs", line(8, "\tPP\tO", TABS), 8, "2 columns where", "fill the line in"),
    columns("spaces among tabs", line(7, "Rome NP B-LOC", TABS), 7, "a space parts", "put a tab between all columns"),
    columns("a space among tabs", line(7, "Rome NP\tB-LOC", TABS), 7, "a space parts", "put a tab"),
    columns("a tag with a space", line(7, "Rome\tNP\tB LOC", TABS), 7, '"B LOC" holds a space', "put a tab"),
    columns("tabs among spaces", line(9, "rained\tVMI\tO"), 9, "a tab parts", "put a space between all columns"),
    columns("a tab among spaces", line(9, "rained VMI\tX O"), 9, "a tab parts", "put a space between all columns"),
    columns("a comment within", line(8, "# that is it"), 8, "4 columns", "put it before the sentence"),
    columns("cut in a line", NAMES + "\nIn SP O\nOs", 13, f"{MIDDLE} line: 1 column", "get the whole file"),
    columns("cut after a space", NAMES + "\nIn SP O\nOslo NP ", 13, f"{MIDDLE} line: 2 columns", "get the whole"),
    columns("cut and closed", NAMES + "\nIn SP O\nOslo NP\n\n", 13, f"{MIDDLE} sentence: 2 columns", "remove its last"),
    columns("a NUL", line(3, "sle\0pt VMI O"), 3, "NUL byte", "remove it"),
    columns("no encoding", NAMES.replace("rained", "r\x81ned").encode("latin-1"), 9, "0x81 at offset", "as UTF-8"),
    Broken("empty", "some.conll", "", None, ("holds no token", "give a token and its tag a line")),
    Broken("blank", "some.conll", "\n \n\t\n", None, ("holds no token", "blank line after each sentence")),
    Broken("only marks", "some.iob", "-DOCSTART- -X- O\n\n", None, ("holds no token", "give a token")),
    Broken("only comments", "some.bio", "# one\n# two\n\n", None, ("holds no token", "give a token")),
    Broken("one column", "some.conll", "one\ntwo\n\nthree\n", None, ("hold one column", "its tag a line")),
    Broken(
        "a header", "some.conll", f"token pos tag\n{NAMES}", 1, ("names the columns (token, pos, tag)", "remove it")
    ),
    Broken("a late header", "some.bio", f"\n# x\n\nword POS NER\n{NAMES}", 4, ("names the columns", "remove it")),
    universal("empty file", "", None, "holds no word", "in ten columns"),
    universal("only comments and marks", "# one\n\n1.1" + "\t_" * 9, 3, '"1.1" is no empty node', "such as 0.1"),
    universal("comments alone", "# one\n\n# two\n", None, "holds no word", "in ten columns"),
    universal("two columns", "The DET\ndog NOUN\n", 1, "1 column where CoNLL-U has 10", "--set format=conll"),
    universal("nine columns", word(4, "2\tdo\tdo\tAUX\tVBP\t_\t0\troot\t_"), 4, "9 columns where", "write _"),
    universal("eleven columns", word(4, "2\tdo\tdo\tAUX\tVBP\t_\t0\troot\t_\t_\t_"), 4, "11 columns", "too many"),
    universal("spaces", word(4, "2 do do AUX VBP _ 0 root _ _"), 4, "1 column where", "spaces", "one tab each"),
    universal("a space", word(4, "2 do\tdo\tAUX\tVBP\t_\t0\troot\t_\t_"), 4, "9 columns", "spaces", "one tab each"),
    universal("spaces throughout", UNIVERSAL.replace("\t", "  "), 2, "spaces stand between", "one tab each"),
    universal("an empty form", word(5, "3\t\tnot\tPART\tRB\t_\t2\tadvmod\t_\t_"), 5, "the form is empty", "fill it in"),
    universal("an empty tag", word(5, "3\tn't\tnot\t\tRB\t_\t2\tadvmod\t_\t_"), 5, "the upos is empty", "write _"),
    universal("no id", word(5, "\tn't\tnot\tPART\tRB\t_\t2\tadvmod\t_\t_"), 5, "the id is empty", "fill it in"),
    universal("a word left out", word(11, "# gone"), 12, 'the id is "3" where 2 must follow', "number the words"),
    universal("an id twice", word(5, word(4, "").split("\n")[1]), 5, 'the id is "1" where 3', "put a blank line"),
    universal("no blank line", word(8, "# none"), 10, 'the id is "1" where 5 must follow', "put a blank line before"),
    universal("an id of letters", word(12, "x" + UNIVERSAL.split("\n")[11]), 12, '"x3" where 3', "number the words"),
    universal("a leading zero", word(12, "0" + UNIVERSAL.split("\n")[11]), 12, '"03" where 3', "number the words"),
    universal("a range backwards", UNIVERSAL.replace("2-3", "2-1"), 3, '"2-1" is no range', "such as 2-3"),
    universal("half a range", UNIVERSAL.replace("2-3", "2-"), 3, '"2-" is no range', "next word, 2"),
    universal("a range too early", UNIVERSAL.replace("2-3", "3-4"), 3, '"3-4" is no range', "before the first of"),
    universal("ranges that overlap", UNIVERSAL.replace("3.1", "3-4").replace("2-3", "2-4"), 6, '"3-4" is no', ""),
    universal(
        "ranges that cross", word(6, "4-4" + "\t_" * 9).replace("2-3", "2-4"), 6, '"4-4" is no', "let none overlap"
    ),
    universal(
        "a range too long", UNIVERSAL.replace("2-3", "2-7"), 3, "ends with word 7, the sentence with word 4", "add"
    ),
    universal("an empty node elsewhere", UNIVERSAL.replace("3.1", "8.1"), 6, '"8.1" is no empty node', "such as 3.1"),
    universal("an empty node of nothing", UNIVERSAL.replace("3.1", "3."), 6, '"3." is no empty node', "such as 3.1"),
    universal("cut in a line", UNIVERSAL[:-8], 13, f"{MIDDLE} line", "where CoNLL-U has 10", "get the whole file"),
    universal("cut and closed", UNIVERSAL[:-8] + "\n", 13, f"{MIDDLE} sentence", "where CoNLL-U has 10", "remove its"),
    universal("cut in the id", UNIVERSAL + "1", 15, f"{MIDDLE} line: 1 column", "get the whole file"),
    universal("cut in a sentence", word(5, "").split("\n\n")[0] + "\n", 3, "ends with word 3", "add the words"),
    universal("cut between words", "\n".join(UNIVERSAL.split("\n")[:10]), 10, f"{MIDDLE} sentence: its word 2", "get"),
    universal("cut there, CRLF", "\r\n".join(UNIVERSAL.split("\n")[:10]) + "\r\n", 10, f"{MIDDLE} sentence", "get"),
    universal("no encoding", UNIVERSAL.replace("today", "t\x9dday").encode("latin-1"), 12, "0x9d", "as UTF-8"),
]


def refused(path: Path, settings: DataSettings) -> DataError:
    with pytest.raises(DataError) as caught:
        read(path, settings)
    return caught.value


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: f"{broken.name}: {broken.what}")
def test_a_mistake_names_its_line_and_the_mend(broken: Broken, tmp_path: Path) -> None:
    path = tmp_path / broken.name
    path.write_bytes(broken.content if isinstance(broken.content, bytes) else broken.content.encode())
    error = refused(path, DataSettings())
    assert error.place == Place(broken.name, broken.row) and error.exit_code == 2
    message = str(error)
    assert message.startswith(broken.name + (f" row {broken.row}: " if broken.row else ": "))
    for part in broken.said:
        assert part in message, message
    assert error.mend and len(message) < 200, message
    named = "conllu" if broken.name.endswith(".conllu") else "conll"
    assert str(refused(path, DataSettings(format=named))) == message


def test_a_forced_encoding_that_does_not_fit_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "some.txt"
    path.write_bytes(line(8, "él PP O").encode("latin-1"))
    assert read(path, DataSettings()).columns["1"][1][2] == "él"
    message = str(refused(path, DataSettings(encoding="utf-8")))
    assert message.startswith("some.txt row 8: byte 0xe9") and "leave --set encoding away" in message


def test_a_folder_names_the_file_that_is_broken(tmp_path: Path) -> None:
    (tmp_path / "train.conllu").write_text(UNIVERSAL)
    (tmp_path / "dev.conllu").write_text(word(4, "2\tdo"))
    assert str(refused(tmp_path, DataSettings())).startswith("dev.conllu row 4: 2 columns")


def test_files_of_a_corpus_are_no_splits_by_their_names(tmp_path: Path) -> None:
    for name in ("esp.train", "esp.testa", "esp.testb"):
        (tmp_path / name).write_text(NAMES)
    assert "name one of its files (esp.testa, esp.testb, esp.train)" in str(refused(tmp_path, DataSettings()))


@pytest.mark.parametrize(("named", "text"), [("conll", NAMES), ("conll", TABS), ("conllu", UNIVERSAL)])
def test_whatever_is_changed_is_read_evenly_or_refused(named: str, text: str, tmp_path: Path) -> None:
    """Random cuts, doubled pieces and stray characters; no other exception, and every step has its line."""
    choose = random.Random(3)
    path = tmp_path / "some.txt"
    outcomes = set()
    for _ in range(400):
        at, to = sorted(choose.choices(range(len(text) + 1), k=2))
        stray = choose.choice(
            ["", text[at:to], "\t", " ", "\n", "\n\n", "#", "-", ".", "1", "\r", "\u00a0", "-DOCSTART-"]
        )
        path.write_text(text[:at] + stray + text[choose.choice([at, at, to]) :], encoding="utf-8", newline="")
        try:
            records = read(path, DataSettings(format=named))
        except DataError as error:
            assert error.place and error.place.file == "some.txt"
            outcomes.add("refused")
            continue
        outcomes.add("read")
        lines = path.read_bytes().decode().replace("\r\n", "\n").replace("\r", "\n").split("\n")
        input_column = next(iter(records.columns))
        for i, tokens in enumerate(records.columns[input_column]):
            assert {len(column[i]) for column in records.columns.values()} == {len(tokens)}
            for k, token in enumerate(tokens):
                assert token and token in lines[(records.where(i).at(k).row or 0) - 1]
    assert outcomes == {"read", "refused"}
