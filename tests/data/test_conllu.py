"""CoNLL-U: what is read, where it stands, and which files are taken for it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from throughtime.data.files import formats, read
from throughtime.data.settings import DataSettings

FIRST = """\
# sent_id = 1
# text = I don't.
1	I	I	PRON	PRP	Case=Nom|Number=Sing	2	nsubj	2:nsubj	_
2-3	don't	_	_	_	_	_	_	_	_
2	do	do	AUX	VBP	_	0	root	0:root	_
3	n't	not	PART	RB	_	2	advmod	2:advmod	SpaceAfter=No
3.1	go	go	VERB	VB	_	_	_	0:root	_
4	.	.	PUNCT	.	_	2	punct	2:punct	_
"""
SECOND = """\
# sent_id = 2
1	10 000	10 000	NUM	CD	_	2	nummod	2:nummod	_
2	_	_	SYM	SYM	_	0	root	0:root	_
"""
TWO = f"{FIRST}\n{SECOND}\n"


def written(folder: Path, content: str | bytes, name: str = "some.conllu") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def claims(path: Path) -> list[str]:
    head = path.read_bytes()[: 1 << 16]
    return [name for name, form in formats.items() if form.recognise(path, head)]


def test_a_row_is_a_sentence_and_a_step_has_its_own_line(tmp_path: Path) -> None:
    records = read(written(tmp_path, TWO), DataSettings())
    assert list(records.columns) == ["form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc"]
    assert records.columns["form"] == [["I", "do", "n't", "."], ["10 000", "_"]]
    assert records.columns["upos"] == [["PRON", "AUX", "PART", "PUNCT"], ["NUM", "SYM"]]
    assert records.columns["feats"] == [["Case=Nom|Number=Sing", "_", "_", "_"], ["_", "_"]]
    assert records.columns["misc"][0] == ["_", "_", "SpaceAfter=No", "_"]
    assert records.columns["head"] == [["2", "0", "2", "2"], ["2", "0"]]
    assert records.roles == {"form": "input", "upos": "output"}
    assert str(records.where(0, "upos")) == 'some.conllu row 3, column "upos"'
    assert [str(records.where(0).at(k)) for k in range(1, 4)] == [f"some.conllu row {row}" for row in (5, 6, 8)]
    assert str(records.where(1).at(1)) == "some.conllu row 12"


def test_what_is_passed_by_is_counted(tmp_path: Path) -> None:
    found = "CoNLL-U, 2 sentences, 6 words, UTF-8; 1 range and 1 empty node left out"
    assert read(written(tmp_path, TWO), DataSettings()).notes == (f"some.conllu: {found}",)
    assert read(written(tmp_path, SECOND), DataSettings()).notes[0].endswith("1 sentence, 2 words, UTF-8")
    twice = FIRST.replace("3.1\tgo", "3.1\twent\t_\t_\t_\t_\t_\t_\t_\t_\n3.2\tgo")
    assert (
        "; 2 ranges and 3 empty nodes left out" in read(written(tmp_path, f"{twice}\n{TWO}"), DataSettings()).notes[0]
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("tail", ["", "\n", "\n\n", "\n \n\n\n", "\n\n# the end\n"])
def test_odd_ends_change_nothing(tail: str, end: str, tmp_path: Path) -> None:
    plain = read(written(tmp_path, TWO, "plain.conllu"), DataSettings())
    odd = read(written(tmp_path, (TWO.strip("\n") + tail).replace("\n", end)), DataSettings())
    assert odd.columns == plain.columns and odd.places.lines == plain.places.lines


def test_an_empty_node_may_stand_first_and_comments_alone(tmp_path: Path) -> None:
    node = "0.1\tyou\t_\t_\t_\t_\t_\t_\t0:root\t_\n"
    records = read(written(tmp_path, f"# only a comment\n\n{node}{SECOND}\n"), DataSettings())
    assert records.columns["form"] == [["10 000", "_"]] and records.where(0).row == 5


def test_ranges_may_follow_each_other(tmp_path: Path) -> None:
    beside = "\t_" * 9
    text = FIRST.replace("4\t.", f"4-4{beside}\n4\t.")
    assert "2 ranges" in read(written(tmp_path, f"{text}\n{SECOND}"), DataSettings()).notes[0]


@pytest.mark.parametrize("name", ["some.txt", "some.conll", "some", "some.tsv"])
@pytest.mark.parametrize("content", [TWO, f"{SECOND}\n", FIRST + "\n" + SECOND.split("\n", 1)[1]])
def test_it_is_recognised_by_content_alone(name: str, content: str, tmp_path: Path) -> None:
    assert claims(written(tmp_path, content, name)) == ["conllu", "table"]


@pytest.mark.parametrize(
    "content",
    [
        "".join(f"{k}\t{k}.5\t{k}\t{k}\t{k}\t{k}\t{k}\t{k}\t{k}\t{k}\n" + "\n" * (k % 4 == 3) for k in range(40)),
        "".join(f"{k}\tname\ttown\tstate\tland\tx\tword\ty\tz\tw\n\n" for k in range(1, 40)),
        "".join("\t".join(f"{k}{c}" for c in "abcdefghij") + "\n\n" for k in range(40)),
        "id\ta\tb\tc\td\te\tf\tg\th\ti\n" + "".join(f"{k}\tp\tq\tr\ts\tt\t{k}\tv\tw\tx\n" for k in range(40)),
    ],
)
def test_other_tables_of_ten_columns_stay_tables(content: str, tmp_path: Path) -> None:
    assert claims(written(tmp_path, content, "some.tsv")) == ["table"]


@pytest.mark.parametrize("content", ["The DET\ndog NOUN\n\nIt PRON\nis VERB\n", "a,b\n1,2\n", ""])
def test_a_name_that_says_so_is_taken_at_its_word(content: str, tmp_path: Path) -> None:
    assert claims(written(tmp_path, content)) == ["conllu", "table"]


def test_a_folder_of_splits_keeps_them(tmp_path: Path) -> None:
    for name, text in (("train", f"{TWO}{SECOND}"), ("dev", FIRST), ("test", SECOND), ("README.md", "read me")):
        written(tmp_path, text, f"data/{name}" if "." in name else f"data/{name}.conllu")
    records = read(tmp_path / "data", DataSettings())
    assert records.split == ["train"] * 3 + ["valid", "test"]
    assert records.columns["upos"][3] == ["PRON", "AUX", "PART", "PUNCT"]
    assert str(records.where(3).at(3)) == "dev.conllu row 8"
    assert records.roles == {"form": "input", "upos": "output"}


def test_a_million_cells_take_no_long_time(tmp_path: Path) -> None:
    path = written(tmp_path, TWO * 17_000)
    began = time.process_time()
    assert len(read(path, DataSettings())) == 34_000
    assert time.process_time() - began < 6
