"""Annotations against texts marked by hand: what is inside, letter by letter."""

from __future__ import annotations

import sysconfig
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import numpy as np
import pytest

from throughtime.data.streams.document import Document
from throughtime.errors import UsageError
from throughtime.use.inspect.units.annotations import Annotation, annotators, chosen, given, pattern
from throughtime.use.inspect.units.annotations.python_source import scanned, tokenised


def inside(name: str, text: str) -> list[str]:
    """The parts of the text that are inside, each without its closing mark."""
    values = annotators[name].of(text)
    runs = groupby(zip(values, text, strict=True), key=itemgetter(0))
    return ["".join(character for _, character in run) for is_inside, run in runs if is_inside]


@pytest.mark.parametrize(
    ("text", "strings"),
    [
        ("x = 'ab' + y", ["'ab"]),
        ("x = 'a\"b' + \"it's\"", ["'a\"b", "\"it's"]),  # each kind holds the other
        ("x = 'a#b' # c", ["'a#b"]),
        (r"x = 'a\'b' + y", [r"'a\'b"]),
        (r"x = 'a\\' + 'b'", [r"'a\\", "'b"]),
        ("x = '' + ''", ["'", "'"]),
        ('x = """a"b\n# c""" # "d"', ['"""a"b\n# c""']),
        ("x = '''\n\n''' + y", ["'''\n\n''"]),
        ("x = rb'a' + f'{y!r}'", ["'a", "'{y!r}"]),
        ("x = 'a' 'b'\ny = '''c'''", ["'a", "'b", "'''c''"]),
        ("# 'a'\nx", []),
        ("x = 'a\\\nb' + y", ["'a\\\nb"]),  # a line that goes on
        ("if (x:\n y = 'a'", ["'a"]),  # no Python
        ("x = 'a\ny = 'b'", ["'a", "'b"]),  # an end is missing: it ends with its line
        ('x = """a\n"b" c', ['"""a\n"b" c']),  # or with the text
        ("x = 'a\\", ["'a\\"]),
    ],
)
def test_inside_a_string(text: str, strings: list[str]) -> None:
    assert inside("inside_string", text) == strings


@pytest.mark.parametrize(
    ("text", "comments"),
    [
        ("x = 1  # one 'two'", ["# one 'two'"]),
        ("x = '# no'  # yes", ["# yes"]),
        ("'''\n# no\n'''# yes", ["# yes"]),
        ("# a\n#b", ["# a", "#b"]),
        ("x = (  # open", ["# open"]),
        ("x = 'a\n# yes", ["# yes"]),
    ],
)
def test_inside_a_comment(text: str, comments: list[str]) -> None:
    assert inside("inside_comment", text) == comments


def test_the_scanner_finds_what_tokenize_finds() -> None:
    """In real source, which holds every kind of string."""
    files = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("[a-e]*.py"))
    assert len(files) > 20
    strings = 0
    for file in files:
        text = file.read_text(encoding="utf-8")
        if "f'" in text or 'f"' in text:  # where, from Python 3.12 on, the same marks may stand inside
            continue
        found = list(tokenised(text))
        assert list(scanned(text)) == found, file
        strings += len(found)
    assert strings > 1000


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ('"a b" c', ['"a b']),
        ('a "b" c "d', ['"b', '"d']),
        ("“a ‘b’ c” d", ["“a ‘b’ c"]),
        ("“a ‘b’” d", ["“a ‘b’"]),
        ("„a“ b “c” d", ["„a", "“c"]),
        ("«a» »b« ‹c› 「d」", ["«a", "»b", "‹c", "「d"]),
        ("don't 'do it', she said", ["'do it"]),
        ("'It's his' x", ["'It's his"]),
        ("'tis the '90s, weren't", []),  # what nothing closes is an apostrophe
        ("'Tis \"so, 'tis\" a 'b' \"c", ["\"so, 'tis", "'b", '"c']),
        ("“a\n \nb” c", ["“a"]),  # the end of a paragraph
        ("“a\nb” c", ["“a\nb"]),
        ("“a ‘b” c", ["“a ‘b"]),  # an end that is missing
    ],
)
def test_inside_quotes(text: str, quoted: list[str]) -> None:
    assert inside("inside_quotes", text) == quoted


@pytest.mark.parametrize(
    ("text", "within"),
    [
        ("f(a[b]) c", ["(a[b]"]),
        ("a) b (c", []),  # neither has its other half
        ("(a] b) c", ["(a] b"]),
        ("(a [b) c]", ["(a [b"]),
        ("{a}{b}", ["{a", "{b"]),
    ],
)
def test_inside_brackets(text: str, within: list[str]) -> None:
    assert inside("inside_brackets", text) == within


def test_where_in_its_line() -> None:
    text = "ab\n\n  c d\n\te"
    assert annotators["line_position"].of(text).tolist() == [1, 2, 0, 0, 1, 2, 3, 4, 5, 0, 1, 2]
    assert annotators["indentation"].of(text).tolist() == [0, 0, 0, 0, 1, 2, 2, 2, 2, 0, 1, 1]
    assert annotators["indentation"].of("   \n").tolist() == [1, 2, 3, 0]
    assert annotators["upper_case"].of("aÉ1ß").tolist() == [False, True, False, False]


@pytest.mark.parametrize("name", list(annotators))
def test_every_annotation_answers_any_text(name: str) -> None:
    annotation = annotators[name]
    for text in ("", "\n", "a", "'", '"""', "\\", "((\"'#", "\x0c\r\t\u2028é\U0001f600", "“'’" * 50):
        found = annotation.of(text)
        assert found.shape == (len(text),) and found.dtype == (bool if annotation.kind == "yes/no" else np.float64)
    assert annotation.help.endswith(".")


def test_a_pattern() -> None:
    assert pattern("^a+").of("aab\nab").tolist() == [True, True, False, False, True, False]
    with pytest.raises(UsageError, match=r"pattern '\(a' is no regular expression: missing \)"):
        pattern("(a")


def test_values_given() -> None:
    annotation = given("mine", ["ab", "cde"], [[True, False], [False, False, True]])
    assert annotation.kind == "yes/no" and annotation.of("cde").tolist() == [False, False, True]
    assert annotation.of("cd").tolist() == [False, False]  # as far as it is read
    with pytest.raises(UsageError, match="made for other texts than those read"):
        annotation.of("x")
    with pytest.raises(UsageError, match="has 1 arrays for 2 texts; give one for each"):
        given("mine", ["a", "b"], [[1.0]])
    with pytest.raises(UsageError, match=r'"mine" has the shape \(3,\) for a text of 2 characters'):
        given("mine", ["ab"], [[1.0, 2.0, 3.0]]).of("ab")


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        ("yes/no", [1, 2], "is yes or no; give True and False, or 1 and 0"),
        ("number", [1, float("nan")], "has values that are not finite"),
    ],
)
def test_values_that_are_none(kind: str, values: list[float], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Annotation("mine", kind, lambda text: np.array(values)).of("ab")  # type: ignore[arg-type]


def test_what_fits_the_texts_is_proposed() -> None:
    source, prose = Document.in_memory("x", "a.py"), Document.in_memory("x", "a.txt")
    names = {annotation.name for annotation in chosen(None, None, [source, source, prose])}
    assert {"inside_string", "inside_comment", "indentation"} < names and "inside_quotes" not in names
    assert "inside_quotes" in {annotation.name for annotation in chosen(None, None, [prose])}


def test_what_is_wanted() -> None:
    texts = [Document.in_memory("ab", "1"), Document.in_memory("c", "2")]
    assert [each.name for each in chosen(["upper_case", pattern("a")], "b", texts)] == [
        "upper_case",
        "pattern a",
        "pattern b",
    ]
    assert [each.name for each in chosen(None, "b", texts)] == ["pattern b"]
    [own] = chosen({"own": [[1.5, 2], [3]]}, None, texts)
    assert own.kind == "number" and own.of("ab").tolist() == [1.5, 2]
    with pytest.raises(UsageError, match='unknown annotation "uper_case"; did you mean "upper_case"'):
        chosen(["uper_case"], None, texts)
    with pytest.raises(UsageError, match='"upper_case" is named twice'):
        chosen(["upper_case", "upper_case"], None, texts)
    with pytest.raises(UsageError, match="no annotation is named; known: indentation, "):
        chosen([], None, texts)
