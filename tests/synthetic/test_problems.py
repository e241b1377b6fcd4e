"""The problems' sequences are what their papers say, and their judges know right from wrong."""

from __future__ import annotations

import math
import re

import pytest
import torch
from torch import Generator, Tensor

from throughtime.batch import valid_mask
from throughtime.errors import UsageError
from throughtime.synthetic import Problem, problems
from throughtime.synthetic.copy import BLANK, LENGTH, SIGN, SYMBOLS
from throughtime.synthetic.latch import SAID, VARIANCE
from throughtime.synthetic.reber import AUTOMATON, embedded, examples_of, legal, reber, recalled

# The automaton once more, as the figure in the paper reads: walks from B to E, loops starred.
INNER = r"B(?:TS*X(?:S|XT*V(?:PXT*V)*(?:PS|V))|PT*V(?:PXT*V)*(?:PS|V))E"
STRING = re.compile(rf"B(?:T{INNER}T|P{INNER}P)E")


def drawn(seed: int = 1) -> Generator:
    return Generator().manual_seed(seed)


def perfect(problem: Problem, lag: int, count: int = 50) -> tuple[Tensor, Tensor]:
    """Outputs that answer rightly, and whether the problem's judge finds them so."""
    examples = problem.batch(count, lag, drawn())
    outputs = torch.zeros(*examples.x.shape[:2], problem.output_size)
    if examples.target.dim() == 1:
        wanted = examples.target.float() * (20 if problem.name == "latch" else 1)
        wanted = wanted - (10 if problem.name == "latch" else 0)
        outputs[torch.arange(count), examples.lengths - 1, 0] = wanted
    elif examples.legal is not None:
        outputs = examples.legal.float()
    else:
        outputs.scatter_(2, examples.target[..., None], 30.0)
    return outputs, problem.right(outputs, examples)


@pytest.mark.parametrize("name", list(problems))
def test_the_same_generator_gives_the_same_sequences(name: str) -> None:
    problem = problems[name]
    first, again, other = (problem.batch(7, 12, drawn(seed)) for seed in (1, 1, 2))
    assert torch.equal(first.x, again.x) and torch.equal(first.target, again.target)
    assert first.x.shape[2] == problem.input_size
    assert first.x.shape != other.x.shape or not torch.equal(first.x, other.x)
    with pytest.raises(UsageError, match=f"lag {problem.shortest - 1}: the problem {name} needs {problem.shortest}"):
        problem.batch(1, problem.shortest - 1, drawn())


@pytest.mark.parametrize("name", list(problems))
def test_right_answers_are_right_and_cost_little(name: str) -> None:
    problem = problems[name]
    outputs, right = perfect(problem, 12)
    assert right.all() and right.shape == (50,)
    examples = problem.batch(50, 12, drawn())
    assert not problem.right(torch.zeros_like(outputs) - outputs, examples).all()
    if name != "reber":  # where two symbols may follow, even the best answer is surprised by one of them
        assert problem.loss(outputs, examples) < 1e-3
    assert problem.chance(12) > 0


@pytest.mark.parametrize("name", list(problems))
def test_what_stands_after_the_end_of_a_row_changes_nothing(name: str) -> None:
    problem, examples = problems[name], problems[name].batch(40, 20, drawn())
    outputs = torch.randn(*examples.x.shape[:2], problem.output_size, generator=drawn(5))
    past = ~valid_mask(examples.lengths, outputs.shape[1])
    other = torch.where(past[..., None], torch.full_like(outputs, 7.0), outputs)
    assert torch.equal(problem.loss(outputs, examples), problem.loss(other, examples))
    assert torch.equal(problem.right(outputs, examples), problem.right(other, examples))


def test_adding_marks_one_number_in_each_half_and_asks_for_their_sum() -> None:
    examples = problems["adding"].batch(2000, 9, drawn())
    numbers, marks = examples.x.unbind(2)
    assert set(marks.unique().tolist()) == {0.0, 1.0} and numbers.min() >= 0 and numbers.max() < 1
    assert (marks[:, :4].sum(1) == 1).all() and (marks[:, 4:].sum(1) == 1).all()
    assert (marks.sum(0) > 0).all()  # every step may be marked
    torch.testing.assert_close(examples.target, (numbers * marks).sum(1))
    ones = torch.ones(2000, 9, 1)
    assert float(problems["adding"].loss(ones, examples)) == pytest.approx(problems["adding"].chance(9), rel=0.1)


@pytest.mark.parametrize(("off", "found"), [(0.079, True), (-0.079, True), (0.081, False)])
def test_adding_is_right_within_its_bound(off: float, found: bool) -> None:
    examples = problems["adding"].batch(5, 6, drawn())
    outputs = torch.full((5, 6, 1), 99.0)
    outputs[:, -1, 0] = examples.target + off
    assert problems["adding"].right(outputs, examples).tolist() == [found] * 5


def test_latch_says_the_class_then_noise() -> None:
    examples = problems["latch"].batch(3000, 40, drawn())
    assert (examples.x[:, :SAID, 0] == (2 * examples.target - 1)[:, None]).all()
    assert set(examples.lengths.tolist()) == set(range(40, 45)) and examples.x.shape == (3000, 44, 1)
    noise = examples.x[:, SAID:40, 0]
    assert float(noise.mean()) == pytest.approx(0, abs=0.01) and float(noise.var()) == pytest.approx(VARIANCE, rel=0.02)
    assert float(examples.target.float().mean()) == pytest.approx(0.5, abs=0.05)
    nothing = torch.zeros(3000, 44, 1)
    assert float(problems["latch"].loss(nothing, examples)) == pytest.approx(problems["latch"].chance(40))


def test_copy_has_its_places() -> None:
    examples = problems["copy"].batch(300, 7, drawn())
    read, answer = examples.x.argmax(2), examples.target
    assert read.shape == (300, 7 + 2 * LENGTH) and (examples.x.sum(2) == 1).all()
    assert (read[:, LENGTH + 7 - 1] == SIGN).all() and (read == SIGN).sum() == 300
    assert (read[:, LENGTH:-LENGTH][:, :-1] == BLANK).all() and (read[:, -LENGTH:] == BLANK).all()
    assert (answer[:, :-LENGTH] == BLANK).all() and torch.equal(answer[:, -LENGTH:], read[:, :LENGTH])
    assert set(read[:, :LENGTH].flatten().tolist()) == set(range(SYMBOLS))


def test_copy_by_chance_is_blanks_and_then_any_symbol() -> None:
    problem = problems["copy"]
    examples = problem.batch(200, 7, drawn())
    outputs = torch.full((200, 27, SYMBOLS + 1), -50.0)
    outputs[:, :-LENGTH, BLANK] = 0
    outputs[:, -LENGTH:, :SYMBOLS] = 0
    assert float(problem.loss(outputs, examples)) == pytest.approx(problem.chance(7), rel=1e-4)
    one_wrong, _ = perfect(problem, 7, 200)
    one_wrong[3, -1] = one_wrong[3, -1].flip(0)
    one_wrong[5, 0] = one_wrong[5, 0].flip(0)  # no recalled symbol, so it does not count
    assert (~problem.right(one_wrong, problem.batch(200, 7, drawn()))).nonzero().tolist() == [[3]]


def test_reber_strings_are_those_of_the_grammar_and_their_ends_agree() -> None:
    generator = drawn()
    strings = [embedded(generator) for _ in range(500)]
    assert [string for string in strings if not STRING.fullmatch(string)] == []
    assert {string[1] for string in strings} == {"T", "P"} and min(map(len, strings)) == 9
    assert all(string[1] == string[-2] for string in strings)
    walked = {string[k : k + 2] for string in strings for k in range(2, len(string) - 3)}
    assert len(walked) > 12  # every edge is gone along, loops too
    assert len(AUTOMATON) == 7


def test_legal_says_all_that_may_come_next() -> None:
    """Any string of the grammar that begins alike goes on with one of them, and each of them comes."""
    generator = drawn()
    following: dict[str, set[str]] = {}
    strings = [embedded(generator) for _ in range(4000)]
    for string in strings:
        for k in range(1, len(string)):
            following.setdefault(string[:k], set()).add(string[k])
    checked = 0
    for string in strings[:200]:
        for k, symbols in enumerate(legal(string), start=1):
            assert following[string[:k]] <= set(symbols)
            if k <= 5:
                assert following[string[:k]] == set(symbols)
                checked += 1
    assert checked > 500


@pytest.mark.parametrize(
    ("string", "words"),
    [
        ("BTBPVVEPE", "symbol 8 is P, not T"),
        ("BTBTXTETE", "symbol 6 is T, not X or S"),
        ("TBPVVE", "symbol 1 is T, not B"),
        ("BTBPVVET", "breaks off where E comes next"),
        ("BTBPVVETEE", "symbol 10 is E, not the end"),
        ("", "breaks off where B comes next"),
    ],
)
def test_what_is_no_string_of_the_grammar_is_said(string: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        legal(string)


def test_reber_reads_all_but_the_last_symbol_and_foretells_all_but_the_first() -> None:
    examples = examples_of(["BTBPVVETE", "BPBTSSXXVVEPE"])
    assert examples.lengths.tolist() == [8, 12] and examples.legal is not None
    symbols = ["".join("BTPSXVE"[k] for k in row.tolist()) for row in examples.x.argmax(2)]
    assert symbols[1] == "BPBTSSXXVVEP" and examples.x[0, 8:].sum() == 0
    assert "".join("BTPSXVE"[k] for k in examples.target[1].tolist()) == "PBTSSXXVVEPE"
    assert examples.legal[0].sum(1).tolist() == [2, 1, 2, 2, 2, 1, 1, 1, 0, 0, 0, 0]


def test_reber_is_right_only_if_every_legal_symbol_is_above_all_others() -> None:
    examples = examples_of(["BTBPVVETE", "BPBPVVEPE"])
    assert examples.legal is not None
    outputs = examples.legal.float()
    right, kept = problems["reber"].right, recalled
    assert right(outputs, examples).all() and kept(outputs, examples).all()
    outputs[0, 0, 1] = -0.5  # T is legal there, and now below
    assert right(outputs, examples).tolist() == [False, True] and kept(outputs, examples).all()
    outputs[1, 6] = torch.tensor([0.0, 2, 1, 0, 0, 0, 0])  # T in place of P at its second coming
    assert right(outputs, examples).tolist() == [False, False] and kept(outputs, examples).tolist() == [True, False]


def test_reber_waits_for_long_strings_and_refuses_to_wait_for_ever() -> None:
    generator = drawn(3)
    assert min(len(embedded(generator, 15)) for _ in range(20)) >= 1 + 15 + 2
    assert len(reber(generator)) >= 5
    with pytest.raises(UsageError, match="lag 31"):
        problems["reber"].batch(1, 31, generator)
    assert problems["reber"].chance(6) == pytest.approx(math.log(7))
