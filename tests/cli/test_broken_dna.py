"""Broken FASTA and FASTQ, and what cannot be asked of them, by the command line: place, mend, and nothing is left."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.calling import call

TINY = ("--hidden-size", 4, "--epochs", 1, "--threads", 1, "--quiet", "--set", "baselines=majority")
CHANCE = random.Random(1)
SEQUENCES = ["".join(CHANCE.choice("ACGT") for _ in range(24)) for _ in range(40)]
PROTEINS = ["".join(CHANCE.choice("ACDEFGHIKLMNPQRSTVWY") for _ in range(24)) for _ in range(40)]


def fasta(row: int = 0, line: str = "", sequences: list[str] = SEQUENCES) -> str:
    """Two lines a sequence, the label behind the id; one line, from 1, replaced."""
    lines = [part for k, one in enumerate(sequences) for part in (f">s{k} {'ab'[k % 2]}", one)]
    if row:
        lines[row - 1] = line
    return "".join(f"{one}\n" for one in lines)


def fastq(row: int = 0, line: str = "", kept: int = 160) -> str:
    lines = [part for k, one in enumerate(SEQUENCES) for part in (f"@s{k} {'ab'[k % 2]}", one, "+", "I" * 24)]
    if row:
        lines[row - 1] = line
    return "".join(f"{one}\n" for one in lines[:kept])


@dataclass(frozen=True)
class Broken:
    """``words`` must stand in the message; ``options`` are given with the first of the files."""

    name: str
    files: dict[str, str]
    words: tuple[str, ...]
    options: str = ""


TABLE = "id,label\n" + "".join(f"s{k},{'ab'[k % 2]}\n" for k in range(39))
BARE = "".join(f">s{k}\n{one}\n" for k, one in enumerate(SEQUENCES))
SORTS = "id,sort\n" + "".join(f"s{k},{one.replace('G', 'C').replace('T', 'A')}\n" for k, one in enumerate(SEQUENCES))
SHORT = SORTS.replace(SEQUENCES[5].replace("G", "C").replace("T", "A"), "ACA")
REFUSED = [
    Broken("text before", {"x.fasta": f"ACGT\n{fasta()}"}, ("x.fasta row 1", "before the first header", "begin each")),
    Broken("no id", {"x.fasta": fasta(5, ">")}, ("x.fasta row 5", "no id", "write a name")),
    Broken("no sequence", {"x.fasta": fasta(6, "")}, ("x.fasta row 5", '"s2" has no sequence', "below its header")),
    Broken("a digit", {"x.fasta": fasta(8, "ACGT7ACGT")}, ("x.fasta row 8", "position 5", '"7"', "write N")),
    Broken("no base", {"x.fasta": fasta(8, "ACGTJ")}, ("x.fasta row 8", '"J" is not a base of DNA', "write N")),
    Broken("DNA and RNA", {"x.fasta": fasta(8, "ACGTU")}, ("x.fasta row 8", '"U" is not a base of DNA', "correct it")),
    Broken("no amino acid", {"x.fasta": fasta(8, "MKV1", PROTEINS)}, ("row 8", '"1" is not an amino acid', "write X")),
    Broken("no label", {"x.fasta": fasta(7, ">s3")}, ("x.fasta row 7", "no label", "write it as id label")),
    Broken("empty", {"x.fasta": ""}, ("x.fasta", "no sequence", "before each sequence")),
    Broken(
        "cut reads", {"x.fastq": fastq(kept=159)}, ("x.fastq row 159", "the last record is cut short", "whole file")
    ),
    Broken(
        "short quality", {"x.fastq": fastq(8, "III")}, ("x.fastq row 8", "3 signs of quality for 24", "each letter")
    ),
    Broken("no plus", {"x.fastq": fastq(7, "ACGT")}, ("x.fastq row 7", "begins with +", "on one line")),
    Broken("no at", {"x.fastq": fastq(9, "s2")}, ("x.fastq row 9", "begins with @", "four lines")),
    Broken("table without an id", {"x.fasta": BARE, "x.csv": TABLE}, ("x.fasta row 79", '"s39" has no row in x.csv')),
    Broken(
        "table of two minds",
        {"x.fasta": BARE, "x.csv": f"{TABLE}s39,a\ns3,a\n"},
        ("x.csv row 42", '"s3" stands above too, in row 5', "keep one"),
    ),
    Broken(
        "protein has no other strand",
        {"x.fasta": fasta(sequences=PROTEINS)},
        ('column "sequence" holds no DNA or RNA', "leave it out"),
        "--set reverse_complement=tied",
    ),
    Broken(
        "k-mers of tags",
        {"x.fasta": BARE, "x.csv": SORTS},
        ('"sort" holds a value for every letter', "leave it out"),
        "--set tokens=kmers",
    ),
    Broken(
        "a tag is missing",
        {"x.fasta": BARE, "x.csv": SHORT},
        ("steps", "column"),
        "--output sort --task tag --set kinds=sort=tags",
    ),
    Broken("k without k-mers", {"x.fasta": fasta()}, ("kmer=4", "add --set tokens=kmers"), "--set kmer=4"),
    Broken("k too small", {"x.fasta": fasta()}, ("kmer", "of at least 2"), "--set tokens=kmers --set kmer=1"),
    Broken(
        "k too large",
        {"x.fasta": fasta(6, "ACG")},
        ("x.fasta row", '"ACG" has 3 letters, fewer than a k-mer of 5', "smaller --set kmer"),
        "--set tokens=kmers --set kmer=5",
    ),
    Broken(
        "another strand in running text",
        {"x.fasta": BARE},
        ("reverse_complement=augment", "read onwards", "leave it out"),
        "--set reverse_complement=augment",
    ),
    Broken(
        "a misspelt reading", {"x.fasta": fasta()}, ("both", "none | augment | tied"), "--set reverse_complement=both"
    ),
]


@pytest.mark.parametrize("broken", REFUSED, ids=lambda broken: broken.name)
def test_what_is_broken_is_refused_with_its_place_and_the_mend(broken: Broken, tmp_path: Path) -> None:
    for name, text in broken.files.items():
        (tmp_path / name).write_text(text)
    data = tmp_path / next(iter(broken.files))
    said = call("train", data, "--run", tmp_path / "run", *TINY, *broken.options.split())
    assert said.code == 2, said.err
    for word in broken.words:
        assert word in said.err, said.err
    assert "Traceback" not in said.err
    assert not (tmp_path / "run" / "model.safetensors").exists()


def test_a_fasta_file_goes_all_the_way(tmp_path: Path) -> None:
    (tmp_path / "x.fasta").write_text(fasta())
    said = call("train", tmp_path / "x.fasta", "--run", tmp_path / "run", "--set", "reverse_complement=tied", *TINY)
    assert said.code == 0, said.err
    (tmp_path / "new.fasta").write_text(">n1\nacgtacgtac\n>n2\nGTACGTACGT\n")
    said = call("predict", tmp_path / "run", tmp_path / "new.fasta", "--json")
    answers = [json.loads(row) for row in said.out.splitlines()]
    assert said.code == 0 and len(answers) == 2
    shares = [answer["probabilities"]["a"] for answer in answers]
    assert shares[0] == pytest.approx(shares[1], abs=1e-6)  # each is the other's reverse complement
    assert call("evaluate", tmp_path / "run", tmp_path / "x.fasta").code == 0


def test_sequences_without_labels_are_texts_of_a_language_model(tmp_path: Path) -> None:
    (tmp_path / "x.fasta").write_text(BARE * 3)
    options = ("--hidden-size", 4, "--epochs", 1, "--threads", 1, "--set", "bptt=16", "--batch-size", 4)
    said = call("train", tmp_path / "x.fasta", "--run", tmp_path / "run", *options, "--set", "sample_lines=1")
    assert said.code == 0, said.err
    assert "task: language_model" in said.err and "the sequences have no labels" in said.err
    said = call("generate", tmp_path / "run", "--length", "30", "--prompt", "ACGT")
    assert said.code == 0 and set(said.out.strip()) <= set("ACGT\n"), said.out
    assert call("evaluate", tmp_path / "run", tmp_path / "x.fasta").code == 0
