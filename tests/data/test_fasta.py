"""FASTA and FASTQ: what is read, what headers and tables beside say, and what is refused, with its place."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from throughtime.data.columns import propose
from throughtime.data.files import formats, read
from throughtime.data.nucleotides import complement, reverse_complement
from throughtime.data.settings import DataSettings
from throughtime.errors import DataError

SETTINGS = DataSettings()


def written(folder: Path, text: str, name: str = "x.fasta") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def test_records_over_several_lines_with_comments_blanks_and_masked_letters(tmp_path: Path) -> None:
    text = "; made by hand\r\n>s1 pos\r\nACGT\r\n\r\nacgtn\r\n>s2 neg\r\nGG GG\r\n>s3 neg\r\nRYK\r\n>s4 pos\r\nAAAA\r\n"
    records = read(written(tmp_path, text), SETTINGS)
    assert records.columns == {
        "id": ["s1", "s2", "s3", "s4"],
        "sequence": ["ACGTACGTN", "GGGG", "RYK", "AAAA"],
        "label": ["pos", "neg", "neg", "pos"],
    }
    assert records.roles == {"sequence": "input", "label": "output"} and records.task is None
    assert [records.where(k).row for k in range(4)] == [2, 6, 8, 10]
    notes = " ".join(records.notes)
    assert "4 sequences (DNA)" in notes and "1 comment lines" in notes and "5 letters in lower case" in notes
    assert "headers read as id label" in notes


@pytest.mark.parametrize("name", ["x.fasta", "x.fna", "x.txt", "x.fa", "noname"])
def test_a_file_is_known_by_its_content_whatever_its_name(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, ">a|x\nACGTACGA\n>b|y\nACGTTTTT\n", name)
    assert read(path, SETTINGS).columns["label"] == ["x", "y"]
    quoted = written(
        tmp_path, "> he said so\nand I did not agree with it\n> twice\nso it goes, on and on\n", "mail.txt"
    )
    assert not formats["fasta"].recognise(quoted, quoted.read_bytes())


def test_a_packed_file_is_unpacked_and_a_cut_one_refused(tmp_path: Path) -> None:
    data = gzip.compress(b">a\nACGT\n>b\nACGA\n")
    (tmp_path / "x.fa.gz").write_bytes(data)
    records = read(tmp_path / "x.fa.gz", SETTINGS)
    assert records.columns["sequence"] == ["ACGT", "ACGA"] and "unpacked" in records.notes[0]
    (tmp_path / "y.fasta.gz").write_bytes(data[:-9])
    with pytest.raises(DataError, match=r"y\.fasta\.gz: the packed file is cut short"):
        read(tmp_path / "y.fasta.gz", SETTINGS)


def test_keys_of_headers_are_columns(tmp_path: Path) -> None:
    records = read(written(tmp_path, ">a organ=root height=3\nACGT\n>b organ=leaf\nACGA\n"), SETTINGS)
    assert records.columns["organ"] == ["root", "leaf"] and records.columns["height"] == ["3", None]


def test_fields_of_headers_may_say_the_split_and_names_of_banks_stay_whole(tmp_path: Path) -> None:
    text = "".join(f">s{k}|{'ab'[k % 2]}|{'training' if k < 4 else 'testing'}\nACGT\n" for k in range(6))
    records = read(written(tmp_path, text), SETTINGS)
    assert records.columns["split"][-1] == "testing" and records.columns["label"][1] == "b"
    records = read(written(tmp_path, ">sp|P69905|HBA_HUMAN Hemoglobin\nMVLSPADK\n", "y.fasta"), SETTINGS)
    assert records.columns["id"] == ["sp|P69905|HBA_HUMAN"] and records.columns["description"] == ["Hemoglobin"]
    assert "(protein)" in records.notes[0] and records.task == "language_model"


def test_headers_may_be_labels_alone(tmp_path: Path) -> None:
    text = "".join(f">{'good' if k % 2 else 'bad'}\n{'ACGT' * (k + 1)}\n" for k in range(12))
    records = read(written(tmp_path, text), SETTINGS)
    assert set(records.columns["label"]) == {"good", "bad"} and records.columns["id"][2] == "3"


@pytest.mark.parametrize("name", ["x.csv", "labels.csv", "x_labels.csv"])
def test_a_table_beside_gives_labels_by_id(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, ">s1\nACGT\n>s2\nACGA\n>s1\nACGG\n")
    written(tmp_path, "id,label\ns2,neg\ns1,pos\ns9,pos\n", name)
    records = read(path, SETTINGS)
    assert records.columns["label"] == ["pos", "neg", "pos"] and records.roles["label"] == "output"
    assert "1 rows of it name no sequence" in records.notes[-1] and "1 ids stand more than once" in records.notes[-2]


def test_a_table_that_knows_no_sequence_is_left_aside(tmp_path: Path) -> None:
    path = written(tmp_path, ">s1\nACGT\n>s2\nACGA\n")
    written(tmp_path, "id,label\nq1,neg\nq2,pos\n", "labels.csv")
    records = read(path, SETTINGS)
    assert list(records.columns) == ["id", "sequence"] and "left aside" in records.notes[-1]


def test_a_label_for_every_base_is_a_column_of_tags(tmp_path: Path) -> None:
    path = written(tmp_path, "".join(f">s{k}\n{'ACGT' * 3}\n{'A' * k}\n" for k in range(1, 7)))
    rows = "".join(f"s{k},{'NNCC' * 3}{'C' * k}\n" for k in range(1, 7))
    written(tmp_path, f"id,coding\n{rows}", "x.csv")
    assert propose(read(path, SETTINGS), SETTINGS).kinds == {"sequence": "tokens", "coding": "tags"}


def test_a_folder_of_fasta_files_is_a_class_each_and_splits_are_splits(tmp_path: Path) -> None:
    for name in ("exon", "intron"):
        written(tmp_path, f">a\nACGT\n>b\n{'G' * len(name)}\n", f"sorts/{name}.fa")
    records = read(tmp_path / "sorts", SETTINGS)
    assert records.columns["label"] == ["exon", "exon", "intron", "intron"]
    assert str(records.where(3)) == "sorts/intron.fa row 3"
    for name in ("train", "valid", "test"):
        written(tmp_path, ">a|x\nACGT\n>b|y\nACGA\n", f"splits/{name}.fasta")
    found = read(tmp_path / "splits", SETTINGS)
    assert found.split == ["train"] * 2 + ["valid"] * 2 + ["test"] * 2 and found.roles["label"] == "output"


def test_reads_have_qualities_that_are_left_aside(tmp_path: Path) -> None:
    path = written(tmp_path, "@r1 pos\nACgT\n+r1\nII!I\n\n@r2 neg\n@@\n+\nII\n".replace("@@\n", "AC\n"), "x.fastq")
    records = read(path, SETTINGS)
    assert records.columns["quality"] == [[40, 40, 0, 40], [40, 40]] and records.columns["sequence"][0] == "ACGT"
    assert records.roles == {"sequence": "input"} and "Phred+33" in records.notes[1]
    former = written(tmp_path, "@r1\nACGT\n+\nhhhB\n", "former.fq")
    assert read(former, SETTINGS).columns["quality"] == [[40, 40, 40, 2]]


GOOD = "".join(f">s{k}|{'ab'[k % 2]}\nACGTACGTAC\nGTACGT\n" for k in range(12))
BROKEN = {
    "text before": ("ACGT\n" + GOOD, r"x\.fasta row 1: \"ACGT\" stands before the first header"),
    "no id": (GOOD + ">\nACGT\n", r"row 37: the header has no id; write a name"),
    "no sequence": (GOOD.replace("ACGTACGTAC\nGTACGT\n", "", 1), r"row 1: \"s0|a\" has no sequence"),
    "no sequence at the end": (GOOD + ">s9|a\n", r"row 37: \"s9\|a\" has no sequence"),
    "a digit": (
        GOOD.replace("\nGTACGT", "\nGTA1GT", 1),
        r"row 3: position 4 of the line \(14 of the sequence\): \"1\"",
    ),
    "a letter": (GOOD.replace("\nGTACGT", "\nGTACGJ", 1), r"\"J\" is not a base of DNA .*write N where"),
    "both T and U": (GOOD.replace("\nGTACGT", "\nGTACGU", 1), r"row 3: position 6 of the line .*\"U\" is not a base"),
    "another header": (GOOD + ">s12\nACGT\n", r"row 37: the header has 1 fields where the others have 2"),
    "empty label": (GOOD + ">s12|\nACGT\n", r"row 37: the header has an empty field"),
    "empty": ("", "the file holds no sequence"),
    "nul": (GOOD + "\0", "NUL byte"),
}


@pytest.mark.parametrize("name", list(BROKEN))
def test_broken_fasta_is_refused_with_its_place(name: str, tmp_path: Path) -> None:
    text, message = BROKEN[name]
    with pytest.raises(DataError, match=message):
        read(written(tmp_path, text), SETTINGS)


READS = "".join(f"@r{k}\nACGT\n+\nIIII\n" for k in range(6))
BROKEN_READS = {
    "cut": (READS[:-5], "row 23: the file ends after the line with"),
    "cut in the quality": (READS[:-3], "row 24: 2 signs of quality for 4 letters"),
    "no plus": (READS.replace("+", "-", 1), "row 3: the third line of a record begins with"),
    "no sign": (READS.replace("@r1", "r1"), "row 5: a record begins with @"),
    "no id": (READS.replace("@r1", "@"), "row 5: the header has no id"),
    "no sequence": (READS.replace("@r1\nACGT", "@r1\n"), 'row 6: "r1" has no sequence'),
    "a digit": (READS.replace("ACGT", "AC7T", 1), 'row 2: position 3 .*"7" is not a base of DNA'),
    "quality of another alphabet": (READS.replace("IIII", "II I", 1), 'row 4: " " is no sign of quality'),
    "empty": ("", "holds no sequence"),
}


@pytest.mark.parametrize("name", list(BROKEN_READS))
def test_broken_fastq_is_refused_with_its_place(name: str, tmp_path: Path) -> None:
    text, message = BROKEN_READS[name]
    with pytest.raises(DataError, match=message):
        read(written(tmp_path, text, "x.fastq"), SETTINGS)


TABLES = {
    "id,label\ns0,a\ns1,b\n": 'x.fasta row 5: "s2" has no row in x.csv',
    "id,sort\ns0,a\ns1,b\ns2,c\ns2,d\n": 'x.csv row 5, column "id": "s2" stands above too, in row 4',
    "id,sequence\ns0,a\ns1,b\ns2,c\n": 'x.csv, column "sequence": the headers of x.fasta have a column',
}


@pytest.mark.parametrize("table", list(TABLES))
def test_a_table_that_does_not_fit_is_refused(table: str, tmp_path: Path) -> None:
    path = written(tmp_path, ">s0\nACGT\n>s1\nACGA\n>s2\nACGG\n")
    written(tmp_path, table, "x.csv")
    with pytest.raises(DataError) as refused:
        read(path, SETTINGS)
    assert TABLES[table] in str(refused.value)


def test_the_other_strand_is_that_of_iupac_and_twice_is_the_same() -> None:
    letters = "ACGTRYSWKMBDHVN-acgtn"
    assert reverse_complement(reverse_complement(letters)) == letters
    meant = {"R": "AG", "Y": "CT", "S": "GC", "W": "AT", "K": "GT", "M": "AC", "B": "CGT", "D": "AGT", "H": "ACT"}
    for code, bases in {**meant, "V": "ACG", "N": "ACGT"}.items():
        other = complement(code)
        assert sorted(complement(bases)) == sorted({**meant, "V": "ACG", "N": "ACGT"}[other])


def test_packed_files_are_splits_too(tmp_path: Path) -> None:
    for name, count in (("train", 5), ("test", 2)):
        text = "".join(f">{name}{k} label={'xy'[k % 2]}\nACGTTGCAAC{'ACGT'[k % 4]}\n" for k in range(count))
        (tmp_path / f"{name}.fasta.gz").write_bytes(gzip.compress(text.encode()))
    records = read(tmp_path, SETTINGS)
    assert records.split == ["train"] * 5 + ["test"] * 2
    assert len(records.columns["sequence"]) == 7


def test_folders_of_sequences_are_classes(tmp_path: Path) -> None:
    for label, letters in (("pos", "ACGTTGCAAC"), ("neg", "GGCATTACGA")):
        (tmp_path / label).mkdir()
        for k in range(3):
            text = f">s{k} {label}\n{letters}{'ACG'[k]}\n>t{k}\n{letters[::-1]}\n"
            (tmp_path / label / f"s{k}.fasta").write_text(text)
    records = read(tmp_path, SETTINGS)
    assert list(records.columns) == ["id", "sequence", "label"] and len(records) == 12
    assert set(zip(records.columns["label"], (s[:4] for s in records.columns["sequence"]), strict=True)) == {
        ("neg", "GGCA"), ("neg", "AGCA"), ("pos", "ACGT"), ("pos", "CAAC"),
    }  # fmt: skip
    assert str(records.where(0)).startswith(f"{tmp_path.name}/neg/s0.fasta")
    assert "each folder of sequences is a class: neg 6, pos 6" in records.notes[0]
    (tmp_path / "pos" / "notes.txt").write_text("a text")
    assert list(read(tmp_path, SETTINGS).columns) == ["text", "label"]  # not sequences alone


def test_a_word_as_long_as_its_sequence_is_a_letter_for_each_letter(tmp_path: Path) -> None:
    (tmp_path / "x.fasta").write_text(">a HHEE\nMKVL\n>b EEHHH\nMKVLA\n")
    found = read(tmp_path / "x.fasta", SETTINGS)
    assert found.columns["label"] == ["HHEE", "EEHHH"] and found.roles["label"] == "output"
    (tmp_path / "y.fasta").write_text(">a HHEE\nMKVL\n>b EEHH\nMKVLA\n")
    assert "label" not in read(tmp_path / "y.fasta", SETTINGS).columns
