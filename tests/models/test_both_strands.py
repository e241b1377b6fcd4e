"""The other strand: read with the same weights, or drawn in training; what is symmetric, and to which digit."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import throughtime as tt
from throughtime.batch import Draw, Sequences
from throughtime.cells.cell import form
from throughtime.cells.engine import ORDINARY
from throughtime.data.dataset import Dataset
from throughtime.data.fields import Field, fields_from_json, fields_to_json, fit_fields
from throughtime.data.fields.tokens import Tokens
from throughtime.data.nucleotides import reverse_complement
from throughtime.data.records import Records, in_memory_records
from throughtime.data.settings import DataSettings
from throughtime.data.vocabulary import SPECIALS
from throughtime.errors import DataError, Place, ThroughtimeError, UsageError
from throughtime.models.encoders import Encoder, encoder_for
from throughtime.models.encoders.encoder import Surroundings
from throughtime.models.settings import NetworkSettings


def sequences(count: int = 40, letters: str = "ACGT", least: int = 9) -> list[str]:
    chance = random.Random(5)
    return ["".join(chance.choice(letters) for _ in range(chance.randint(least, 30))) for _ in range(count)]


def fitted(texts: list[str], **settings: Any) -> Tokens:
    found = Tokens.fit("dna", texts, lambda i: Place("x", i + 1, "dna"), DataSettings(**settings))
    assert isinstance(found, Tokens)
    return found


@pytest.mark.parametrize("more", [{}, {"tokens": "kmers"}, {"tokens": "kmers", "kmer": 4}])
def test_ids_of_the_other_strand_are_those_of_the_reverse_complement(more: dict[str, Any]) -> None:
    texts = ["ACGTNRYAC", "GGATTACAA", "ACGTACGTA"]
    field = fitted(texts, reverse_complement="tied", **more)
    for text in texts:
        ids, other = (field.encode(one, Place()) for one in (text, reverse_complement(text)))
        assert field.other_strand(ids).tolist() == other.tolist() and 1 not in other
        assert field.other_strand(other).tolist() == ids.tolist()
    assert field.partners is not None
    assert field.partners[: len(SPECIALS)].tolist() == [0, 1, 2, 3]
    again = fields_from_json(fields_to_json({"dna": field}))["dna"]
    assert isinstance(again, Tokens) and again.strands == field.strands and again.kmer == field.kmer
    assert again.encode("acgta", Place()).tolist() == field.encode("ACGTA", Place()).tolist()


def test_a_vocabulary_that_is_cut_holds_both_strands_of_every_token() -> None:
    texts = sequences()
    for most in range(1, 12):
        field = fitted(texts, tokens="kmers", reverse_complement="augment", max_vocabulary=most)
        assert field.partners is not None and len(field.partners) == len(field.vocabulary)
        assert (field.partners[field.partners] == np.arange(len(field.vocabulary))).all()


def test_rna_has_its_own_partners() -> None:
    field = fitted(["ACGUUGCAAC", "GGAUUACAUU"], reverse_complement="tied")
    assert field.decode(field.other_strand(field.encode("AACG", Place()))) == "CGUU"


@pytest.mark.parametrize(
    ("texts", "more", "message"),
    [
        (["MKVLAAGLLS", "HEEMKVLAAW"], {}, 'column "dna" holds no DNA or RNA'),
        (["ACGTTGCAAC", "ACGTTGCAJC" + "ACGT" * 9], {}, r'x row 2, column "dna": position 9: "J" is no letter of DNA'),
        (["ACGTTGCAAC", "ACGTTGCAUC"], {}, r'x row 2, column "dna": position 9: "U" is no letter of DNA'),
        (["ACGTTGCAAC"] * 3, {"tokens": "bytes"}, "is cut into bytes; choose --set tokens=characters or kmers"),
        (["ACGTTGCAAC"] * 3, {"tokens": "words"}, "is cut into words"),
    ],
)
def test_what_has_no_other_strand_is_refused(texts: list[str], more: dict[str, Any], message: str) -> None:
    with pytest.raises((UsageError, DataError), match=message):
        fitted(texts, reverse_complement="tied", **more)


def test_k_mers_that_cannot_be_are_refused() -> None:
    with pytest.raises(DataError, match=r'row 2.*"AC" has 2 letters, fewer than a k-mer of 3; give a smaller'):
        fitted(["ACGT", "AC"], tokens="kmers")
    with pytest.raises(UsageError, match="kmer=4: the texts are not cut into k-mers; add --set tokens=kmers"):
        fitted(["ACGT", "AC"], kmer=4)


def encoder_and_columns(dtype: torch.dtype, **network: Any) -> tuple[Encoder, Sequences, Sequences]:
    """A tied encoder of random weights, and sequences of unequal lengths with their reverse complements."""
    texts = ["A", "GATTACA", *sequences(7), "ACGTNN"]
    field = fitted(texts, reverse_complement="tied")
    settings = NetworkSettings(hidden_size=5, embedding_size=4, **network)
    around = Surroundings(settings, form(settings.cell), ORDINARY, "dna", torch.Generator().manual_seed(3))
    columns = [
        field.collate([field.encode(one, Place()) for one in side])
        for side in (texts, list(map(reverse_complement, texts)))
    ]
    return encoder_for(field, around).to(dtype).eval(), columns[0], columns[1]


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-12)])
@pytest.mark.parametrize(
    "network", [{}, {"bidirectional": False}, {"cell": "gru", "layers": 2, "dropout": 0.1}, {"learned_state": True}]
)
def test_a_tied_encoder_mirrors_its_steps_and_keeps_its_last_states(
    network: dict[str, Any], dtype: torch.dtype, tolerance: float
) -> None:
    encoder, one, other = encoder_and_columns(dtype, bag="yes", **network)
    with torch.no_grad():
        here, there = encoder(one, None), encoder(other, None)
    assert here.bag is not None and there.bag is not None
    for row, length in enumerate(one.lengths.tolist()):
        for first, second in ((here.hidden, there.hidden), (here.bag, there.bag)):
            assert first[row, :length].numpy() == pytest.approx(second[row, :length].flip(0).numpy(), abs=tolerance)
    for first, second in zip(here.states, there.states, strict=True):
        assert first.numpy() == pytest.approx(second.numpy(), abs=tolerance)
    assert not torch.allclose(here.hidden[1, :7], here.hidden[1, :7].flip(0))


def test_padding_changes_nothing_and_a_row_alone_is_as_in_its_batch() -> None:
    encoder, one, _ = encoder_and_columns(torch.float64)
    draw = Draw(1, 2, 3, torch.arange(len(one.lengths)) + 40)
    whole = encoder.train()(one, draw)
    for row, length in enumerate(one.lengths.tolist()):
        poisoned = torch.full((1, length + 3), 4)
        poisoned[:, :length] = one.data[row, :length]
        alone = encoder(Sequences(poisoned, one.lengths[row : row + 1]), Draw(1, 2, 3, draw.sample_ids[row : row + 1]))
        found, wanted = alone.hidden[0, :length].detach(), whole.hidden[row, :length].detach()
        assert found.numpy() == pytest.approx(wanted.numpy(), abs=1e-12)


def test_no_step_is_the_last_of_two_strands() -> None:
    with pytest.raises(UsageError, match="pooling=last: with reverse_complement=tied .* choose max, mean"):
        encoder_and_columns(torch.float32, pooling="last")


def dataset(reading: str, **columns: list[Any]) -> Dataset:
    texts = sequences()
    records: Records = in_memory_records({"dna": texts, **{name: list(values) for name, values in columns.items()}})
    kinds = {"dna": "tokens", **dict.fromkeys(columns, "tags")}
    found: dict[str, Field] = fit_fields(records, kinds, set(columns), DataSettings(reverse_complement=reading))  # type: ignore[arg-type]
    return Dataset(records, found)


def test_which_rows_are_turned_is_a_function_of_seed_epoch_and_row_and_tags_go_with_them() -> None:
    texts = sequences()
    made = dataset("augment", sort=[text.replace("G", "S").replace("C", "S").replace("T", "A") for text in texts])
    views = {key: made.on_drawn_strands(*key) for key in ((1, 1), (1, 2), (2, 1))}
    turned = {}
    for key, view in views.items():
        rows = []
        for row, text in enumerate(texts):
            read = made.fields["dna"].decode(view.columns["dna"][row])
            assert read in (text, reverse_complement(text))
            rows.append(read != text)
            sorts = made.fields["sort"].decode(view.columns["sort"][row])
            assert sorts == ["S" if base in "CG" else "A" for base in read]
        turned[key] = rows
        assert 8 < sum(rows) < 32
    assert len({tuple(rows) for rows in turned.values()}) == 3
    fewer = Dataset(made.records.select(range(9)), made.fields).on_drawn_strands(1, 1)
    for some, all_ in zip(fewer.columns["dna"], views[1, 1].columns["dna"], strict=False):
        assert some.tolist() == all_.tolist()


TINY: dict[str, Any] = {"epochs": 2, "hidden_size": 6, "embedding_size": 5, "threads": 1, "valid": "0.2", "test": "0.2"}


def rows(kind: str, count: int = 60) -> list[dict[str, Any]]:
    chance = random.Random(2)
    found = []
    for text in sequences(count):
        if kind == "tag":
            sort = "".join("S" if base in "CG" else chance.choice("AW") for base in text)
            found.append({"dna": text, "sort": sort})
        else:
            rich = text.count("G") + text.count("C") > len(text) / 2
            found.append({"dna": text, "label": "rich" if rich else "poor"})
    return found


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("more", [{}, {"tokens": "kmers"}, {"pooling": "attention", "cell": "gru"}])
def test_a_sequence_and_its_other_strand_get_the_same_answer(
    more: dict[str, Any], precision: str, tmp_path: Path
) -> None:
    options = {**TINY, **more, "precision": precision, "reverse_complement": "tied", "baselines": ("majority",)}
    trained = tt.train(rows("classify"), tmp_path / "run", output="label", **options)
    given = [row["dna"] for row in rows("classify")]
    loaded = tt.load(tmp_path / "run")
    here, there = loaded.predict(given), loaded.predict(list(map(reverse_complement, given)))
    assert len({answer["probabilities"]["rich"] for answer in here}) > 10
    tolerance = 1e-6 if precision == "float32" else 1e-12
    for one, other in zip(here, there, strict=True):
        assert one["probabilities"]["rich"] == pytest.approx(other["probabilities"]["rich"], abs=tolerance)
    explained = trained.explain(given[0])
    assert explained.attribution.complete and len(explained.inputs[0].given) == len(explained.inputs[0].tokens)


def test_tags_of_the_other_strand_are_mirrored(tmp_path: Path) -> None:
    options = {**TINY, "reverse_complement": "tied", "baselines": ("majority",), "precision": "float64"}
    trained = tt.train(rows("tag"), tmp_path / "run", task="tag", output="sort", **options)
    given = [row["dna"] for row in rows("tag")]
    here, there = trained.predict(given), trained.predict(list(map(reverse_complement, given)))
    for one, other in zip(here, there, strict=True):
        assert one["predicted"] == other["predicted"][::-1]
        assert one["sure"] == pytest.approx(other["sure"][::-1], abs=1e-12)


REFUSED = [
    ("tag", {"tokens": "kmers"}, '--set tokens=kmers: "sort" holds a value for every letter'),
    ("tag", {"reverse_complement": "tied", "crf": "yes"}, "--set crf=yes: it scores which tag follows which"),
    ("transduce", {"reverse_complement": "augment"}, "--set reverse_complement=augment: a text is written"),
    ("transduce", {"tokens": "kmers"}, '--set tokens=kmers: column "label" is written'),
    ("language_model", {"reverse_complement": "tied"}, "--set reverse_complement=tied: running text is read onwards"),
    ("language_model", {"reverse_complement": "augment"}, "--set reverse_complement=augment: running text"),
    ("language_model", {"tokens": "kmers"}, "--set tokens=kmers: running text is cut into"),
    ("language_model", {"kmer": 4}, "--set kmer=4: running text is cut into"),
]


@pytest.mark.parametrize(("task", "more", "message"), REFUSED)
def test_what_cannot_be_is_refused_with_its_reason(
    task: str, more: dict[str, Any], message: str, tmp_path: Path
) -> None:
    options = {**TINY, **more}
    if task != "language_model":
        options["output"] = "sort" if task == "tag" else "label"
    with pytest.raises(ThroughtimeError) as refused:
        tt.train(rows(task), tmp_path / "run", task=task, **options)
    assert message in str(refused.value) and any(word in str(refused.value) for word in ("leave", "say"))
    assert refused.value.exit_code == 2
