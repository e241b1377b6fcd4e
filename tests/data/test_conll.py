"""CoNLL columns: what is read, where it stands, and which files are taken for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from throughtime.data.files import formats, read
from throughtime.data.settings import DataSettings

NAMES = "Ada NP B-PER\nLovelace NP I-PER\nslept VMI O\n. Fp O\n\nIn SP O\nRome NP B-LOC\n. Fp O\n"
TAGS = "The DET\ndog NOUN\nbarks VERB\n. PUNCT\n\nCats NOUN\nsleep VERB\n. PUNCT\n"
FORCED = DataSettings(format="conll")


def written(folder: Path, content: str | bytes, name: str = "some.txt") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def claims(path: Path) -> list[str]:
    head = path.read_bytes()[: 1 << 16]
    return [name for name, form in formats.items() if form.recognise(path, head)]


def test_a_row_is_a_sentence_and_a_step_has_its_own_line(tmp_path: Path) -> None:
    records = read(written(tmp_path, NAMES), DataSettings())
    assert records.columns == {
        "1": [["Ada", "Lovelace", "slept", "."], ["In", "Rome", "."]],
        "2": [["NP", "NP", "VMI", "Fp"], ["SP", "NP", "Fp"]],
        "3": [["B-PER", "I-PER", "O", "O"], ["O", "B-LOC", "O"]],
    }
    assert records.roles == {"1": "input", "3": "output"}
    assert str(records.where(1, "3")) == 'some.txt row 6, column "3"'
    assert str(records.where(1, "3").at(1)) == 'some.txt row 7, column "3"'
    assert records.notes == ("some.txt: CoNLL columns, 2 sentences, 7 tokens, 3 columns, UTF-8",)


def test_a_token_and_its_tag_are_enough(tmp_path: Path) -> None:
    records = read(written(tmp_path, TAGS), DataSettings())
    assert records.columns["2"][1] == ["NOUN", "VERB", "PUNCT"]
    assert records.roles == {"1": "input", "2": "output"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(("separator", "blank"), [(" ", ""), ("\t", ""), ("   ", " "), ("\t\t", "\t")])
def test_odd_forms_of_one_file_are_the_same_records(separator: str, blank: str, end: str, tmp_path: Path) -> None:
    plain = read(written(tmp_path, NAMES), DataSettings())
    lines = [line.replace(" ", separator) if line else blank for line in NAMES.split("\n")[:-1]]
    odd = read(written(tmp_path, end.join(lines), "odd.txt"), DataSettings())
    assert odd.columns == plain.columns
    assert odd.places.lines == plain.places.lines == [[1, 2, 3, 4], [6, 7, 8]]


@pytest.mark.parametrize(
    ("encoding", "spoken"),
    [
        ("utf-8-sig", "UTF-8 with byte order mark"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16 without mark"),
        ("windows-1252", "windows-1252"),
    ],
)
def test_the_encoding_is_recognised(encoding: str, spoken: str, tmp_path: Path) -> None:
    records = read(written(tmp_path, NAMES.replace("slept", "dürfte").encode(encoding)), DataSettings())
    assert records.columns["1"][0] == ["Ada", "Lovelace", "dürfte", "."]
    assert spoken in records.notes[0]


def test_a_head_that_ends_within_a_character_is_recognised(tmp_path: Path) -> None:
    for padding in range(3):
        path = written(tmp_path, "a" * padding + NAMES + "\n" + ("ü B\nö O\n\n" * 8000))
        path.write_text(path.read_text().replace(" B\n", " NP B\n").replace("ö O", "ö Z O"))
        assert "conll" in claims(path)


def test_document_marks_are_left_out_and_counted(tmp_path: Path) -> None:
    mark = "-DOCSTART- -X- O\n\n"
    records = read(written(tmp_path, mark + NAMES + "\n" + mark + NAMES + mark.strip() + "\nEnd NP O\n"), FORCED)
    assert [len(tokens) for tokens in records.columns["1"]] == [4, 3, 4, 3, 1]
    assert records.where(0).row == 3 and records.where(4).row == 23
    assert records.notes[0].endswith("; 3 -DOCSTART- lines left out")


def test_a_mark_of_another_width_is_a_mark_too(tmp_path: Path) -> None:
    records = read(written(tmp_path, f"-DOCSTART- (1 EU)\r\n\r\n{TAGS}"), FORCED)
    assert len(records) == 2 and "1 -DOCSTART- line left out" in records.notes[0]


def test_comments_stand_before_a_sentence_and_a_token_may_be_their_sign(tmp_path: Path) -> None:
    text = "# id = 7 of 9\n#lone\n\n# text = The dog\n# NUM\n7 NUM\n\nThe DET\n# SYM\ndog NOUN\n"
    records = read(written(tmp_path, text), FORCED)
    assert records.columns["1"] == [["#", "7"], ["The", "#", "dog"]]
    assert records.places.lines == [[5, 6], [8, 9, 10]]
    assert "; 3 comment lines left out" in records.notes[0] and len(records.notes) == 1


def test_comments_that_look_like_tokens_are_said(tmp_path: Path) -> None:
    records = read(written(tmp_path, f"# 1\n{TAGS}\n# 2\n{TAGS}\n# NOUN\n{TAGS}"), FORCED)
    assert records.columns["1"][2][0] == "#"
    assert records.notes[1] == (
        "some.txt: lines that begin with # and have as many columns as the others are taken as tokens "
        "(2, first row 1): are they comments?"
    )


def test_several_blank_lines_are_one(tmp_path: Path) -> None:
    records = read(written(tmp_path, "\n\n \n" + TAGS.replace("\n\n", "\n\n\t\n\n") + "\n\n"), DataSettings())
    assert len(records) == 2 and records.where(1).row == 11


@pytest.mark.parametrize("space", ["\u00a0", "\u3000", "\u2028", "\x85", "\x0b"])
def test_only_spaces_and_tabs_part_columns(space: str, tmp_path: Path) -> None:
    records = read(written(tmp_path, NAMES.replace("Rome", f"New{space}York").replace("In SP", f"{space} SP")), FORCED)
    assert records.columns["1"][1] == [space, f"New{space}York", "."]


def test_a_token_among_tabs_may_hold_a_space(tmp_path: Path) -> None:
    path = written(tmp_path, NAMES.replace(" ", "\t").replace("Rome", "New York"))
    assert read(path, DataSettings()).columns["1"][1] == ["In", "New York", "."]


@pytest.mark.parametrize(("ending", "said"), [("B-L", True), ("B-L\n", False), ("B-LOC", False), ("O", False)])
def test_a_tag_that_may_be_cut_is_said(ending: str, said: bool, tmp_path: Path) -> None:
    records = read(written(tmp_path, f"{NAMES}\nOslo NP {ending}"), DataSettings())
    assert any("is the file cut?" in note for note in records.notes) == said


@pytest.mark.parametrize("name", ["a.conll", "b.IOB", "c.bio", "d.iob2"])
def test_names_that_say_so_are_taken_at_their_word(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, "one B\ntwo O\n", name)
    assert claims(path) == ["conll", "table"]
    assert read(path, DataSettings()).columns["1"] == [["one", "two"]]


ALIKE = {
    "plays": "First Citizen:\nBefore we proceed any further.\n\nAll:\nSpeak, speak.\n\nFirst Citizen:\nYou are all.\n",
    "verse of two words": "Rain falls,\nNight calls,\n\nRain falls,\nWind calls,\n\nRain falls,\nNone calls,\n",
    "prose": "It was so\nthat he went.\n\nNobody knew\nwhere he was.\n",
    "lines": "Ein Mann mit einem Hut .\nEin Kind geht .\nZwei Hunde spielen .\n",
    "one word a line": "Khoury\nNahas\n\nDaher\nGerges\n",
    "pronunciations": "'bout B AW1 T\n'cause K AH0 Z\n'course K AO1 R S\n'em AH0 M\n",
    "pairs": "abbe\tآب\narlen\tآرلن\narens\tآرنز\n",
    "comma-separated": "text,label\n" + "good film,pos\nbad film,neg\n\n" * 9,
    "comma-separated and spaced": "a, pos\nb, neg\n\nc, pos\nd, neg\n\n",
    "comma-separated, blank lines": "".join(f"{k},{k % 3},{k % 2}\n\n" for k in range(20)),
    "tab-separated with header": "word\tlabel\n" + "apple\tfruit\nleek\tgreens\n\n" * 5,
    "tab-separated texts": "text\tlabel\n" + "so good a film\tpos\nso bad a film\tneg\n\n" * 9,
    "numbers in blocks": "".join(f"{k} 0.{k % 3}\n" + "\n" * (k % 5 == 4) for k in range(40)),
    "dates": "".join(f"1981-01-{k:02} {k}.7\n" + "\n" * (k % 7 == 6) for k in range(1, 29)),
    "a blank line after each": "".join(f"w{k} {'AB'[k % 2]}\n\n" for k in range(30)),
    "no blank line": TAGS.replace("\n\n", "\n"),
    "code": "def f():\n    return x\n\ndef g():\n    return x\n\ndef h():\n    return y\n",
    "JSON lines": '{"text": "fine"}\n{"text": "bad"}\n\n{"text": "fine"}\n',
    "nothing": "",
    "blank": "\n \n\n",
}


@pytest.mark.parametrize("name", ALIKE)
def test_what_only_looks_alike_is_left_to_others(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, ALIKE[name])
    assert "conll" not in claims(path) and "conllu" not in claims(path)


def test_binary_and_folders_are_left_to_others(tmp_path: Path) -> None:
    assert "conll" not in claims(written(tmp_path, bytes(range(256)) * 30))
    assert not formats["conll"].recognise(tmp_path, b"") and not formats["conllu"].recognise(tmp_path, b"")


@pytest.mark.parametrize("suffix", [".txt", ".conll", ".bio", ""])
def test_a_folder_of_splits_keeps_them(suffix: str, tmp_path: Path) -> None:
    for name, copies in (("train", 3), ("dev", 1), ("test", 2)):
        written(tmp_path, "\n".join([NAMES] * copies), f"data/{name}{suffix}")
    records = read(tmp_path / "data", DataSettings())
    assert records.split == ["train"] * 6 + ["valid"] * 2 + ["test"] * 4
    assert records.roles == {"1": "input", "3": "output"}
    assert str(records.where(7).at(1)) == f"dev{suffix} row 7"
    assert len(records.notes) == 4
