"""Broken material of series to be forecast, by the command line: file, row, column and mend, and nothing is left."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import throughtime as tt
from tests.cli.calling import call
from tests.cli.test_broken_pairs import Broken, assert_refused, write
from throughtime.errors import DataError, ThroughtimeError

TINY = ("--task", "forecast", "--hidden-size", 4, "--epochs", 1, "--threads", 1, "--quiet")
LITTLE = (*TINY, "--set", "baselines=naive", "--set", "windows=60", "--set", "warmup=0", "--batch-size", 8)
SOLD = "--output sold "
HEAD = "date,price,sold"


def day(k: int) -> str:
    return (date(2021, 1, 4) + timedelta(days=k)).isoformat()


def text(head: str, rows: list[str], changed: dict[int, str] | None = None) -> str:
    """A table whose rows, the heading being the first, are replaced by others."""
    found = [head, *rows]
    for row, line in (changed or {}).items():
        found[row - 1] = line
    return "".join(f"{line}\n" for line in found)


def daily(changed: dict[int, str] | None = None, days: int = 60, begin: int = 0) -> str:
    return text(HEAD, [f"{day(begin + k)},{1 + k % 3}.5,{10 + k * 7 % 11}.25" for k in range(days)], changed)


def shops(changed: dict[int, str] | None = None, days: int = 40, head: str = "shop,date,promo,sold") -> str:
    rows = [f"s{s},{day(k)},{'ab'[k % 2]},{10 + (k * 7 + s) % 11}.25" for s in range(3) for k in range(days)]
    return text(head, rows, changed)


def one(name: str, table: str | bytes, words: tuple[str, ...], options: str = "") -> Broken:
    return Broken(name, {"data.csv": table}, words, SOLD + options, "data.csv")


ROW_20 = "data.csv row 20, column "
IN_DATE, IN_SOLD = ROW_20 + '"date"', ROW_20 + '"sold"'
SPLIT = [f"{day(k)},{k % 7},{'train' if k < 40 else 'valid' if k < 50 else 'test'}" for k in range(60)]

REFUSED = [
    one("out of order", daily({20: f"{day(3)},1,1"}), (IN_DATE, day(3), "row 19", "order of time", "sort the rows")),
    one("a stamp twice", daily({20: f"{day(17)},1,1"}), (IN_DATE, "row 19 already", "remove one", "within=mean")),
    one(
        "series that nothing tells apart",
        text("date,sold", [f"{day(k)},{k + s}" for s in range(3) for k in range(20)]),
        ("data.csv row 22", 'column "date"', day(0), "row 21", "--set series=COLUMN"),
    ),
    one("two forms", daily({20: "23.01.2021,1,1"}), (IN_DATE, "23.01.2021", "another form", "row 2", "one form")),
    one("a missing date", daily({20: ",1,1"}), (IN_DATE, "the time is missing", "fill it in")),
    one("an impossible date", daily({20: "2021-02-30,1,1"}), (IN_DATE, "2021-02-30", "does not exist", "fix the row")),
    one("no date", daily({20: "soon,1,1"}), (IN_DATE, '"soon" is not a time', "2016-07-31")),
    one(
        "a year far off",
        daily({61: "2921-01-01,1,1"}),
        ("data.csv row 61", 'column "date"', "would have no row", "fix the row"),
    ),
    one(
        "irregular steps",
        text("date,sold", [f"2021-01-{1 + k // 24:02} {k % 24:02}:{k * 7 % 60:02},{k % 5}" for k in range(90)]),
        ('column "date"', "lies between the steps", "--set step="),
    ),
    one("a longer horizon", daily(), ("horizon=7", "only 6 steps", "--valid"), "--set horizon=7"),
    one(
        "a longer context",
        daily(),
        ("context_length=500", "48 steps", "46 at most"),
        "--set horizon=2 --set context_length=500",
    ),
    one("no value", text("date,sold", [f"{day(k)}," for k in range(30)]), ('"sold" holds no value', "nothing to")),
    one("infinite", daily({20: f"{day(18)},1,inf"}), (IN_SOLD, "not a finite number", "fix or remove")),
    one("far too large", daily({20: f"{day(18)},1,1e999"}), (IN_SOLD, "not a finite number")),
    one("a word", daily({20: f"{day(18)},1,ten"}), (IN_SOLD, '"ten" is not a number', "--set missing=ten")),
    one("nan in words", daily({20: f"{day(18)},1,nan"}), (IN_SOLD, '"nan" is not a number', "--set missing=nan")),
    one(
        "decimal commas all over",
        text("date;sold", [f"{day(k)};{k % 7},5" for k in range(60)]),
        ('data.csv row 2, column "sold"', '"0,5" is not a number', "decimal point"),
    ),
    one("a sign within", daily({20: f"{day(18)},1,1_000"}), (IN_SOLD, '"1_000" is not a number')),
    one("a decimal comma", daily({20: f'{day(18)},1,"1,5"'}), (IN_SOLD, '"1,5" is not a number', "decimal point")),
    one(
        "a word to be read",
        daily({20: f"{day(18)},ten,1"}),
        (ROW_20 + '"price"', '"ten" is not a number', "--set missing=ten"),
        "--input price",
    ),
    one("a nameless series", shops({50: f",{day(8)},a,1"}), ("data.csv row 50", 'column "shop"', "name", "fill it in")),
    one(
        "series of one time each",
        text("shop,date,sold", [f"s{k},{day(0)},{k}" for k in range(30)]),
        ("every series has one time only", "two times", "--set series=COLUMN"),
        "--set series=shop",
    ),
    Broken("to forecast dates", {"data.csv": daily()}, ("--output date", "when"), "--output date", "data.csv"),
    Broken(
        "to forecast names",
        {"data.csv": shops()},
        ("data.csv row 2", 'column "shop"', '"s0" is no number', "--output"),
        "--output shop",
        "data.csv",
    ),
    Broken("twice", {"data.csv": daily()}, ('"sold" is named twice',), "--output sold --output sold", "data.csv"),
    Broken("nothing to forecast", {"data.csv": text("date,name", [f"{day(k)},ab" for k in range(30)])},
           ("no column of numbers", "--output", "--task"), "", "data.csv"),
    one("its own input", daily(), ("--input sold", "forecast itself", "leave it out"), "--input sold"),
    one("times as input", daily(), ("--input date", "what says when", "leave it out"), "--input date"),
    one("names as input", shops(), ("--input shop", "what names the series", "leave it out"), "--input shop"),
    one("known, not there", daily(), ('unknown column "prize"', 'did you mean "price"?'), "--set known=prize"),
    one("known is forecast", daily(), ("known=sold", "forecast itself"), "--set known=sold"),
    one("known is when", daily(), ("known=date", "what says when"), "--set known=date"),
    one("nothing to read", text("date,x,sold", [f"{day(k)},,{k % 7}" for k in range(60)]),
        ('"x" holds no value', "leave it out"), "--input x"),
    one(
        "too many names to read",
        text("date,code,sold", [f"{day(k)},c{k},{k % 7}" for k in range(60)]),
        ('data.csv, column "code"', "60 different names", "50 at most", "leave it out of --input"),
        "--input code",
    ),
    one("no such time", daily(), ('unknown column "dat"', 'did you mean "date"?'), "--set time=dat"),
    one("no such series", shops(), ('unknown column "shpo"', 'did you mean "shop"?'), "--set series=shpo"),
    one("times as names", daily(), ("series=date", "what says when"), "--set series=date"),
    one("time is a number", daily(), ("data.csv row 2", 'column "price"', '"1.5" is not'), "--set time=price"),
    one("several times", text("a,b,sold", [f"{day(k)},{day(k + 3)},{k % 5}" for k in range(40)]),
        ('"a", "b" all hold times', "--set time=a")),
    one("valid after test", daily(), ("--valid 50:60 and --test 40:50", "before the test split"),
        "--valid 50:60 --test 40:50"),
    one("overlap", daily(), ("--valid 40:52 and --test 50:60", "not overlap"), "--valid 40:52 --test 50:60"),
    one("beyond the end", daily(), ("--test 50:70", "there are 60", "60 at most"), "--valid 40:50 --test 50:70"),
    one("no rows", daily(), ("--valid 50:50", "one row at least"), "--valid 50:50 --test 50:60"),
    one("from the first row", daily(), ("--valid 0:40", "nothing lies before it"), "--valid 0:40 --test 40:60"),
    one("nothing behind valid", daily(), ("--valid 50:60", "for the test"), "--valid 50:60"),
    one("nothing to train on", daily(), ("--valid 0.6 and --test 0.5", "smaller"), "--valid 0.6 --test 0.5"),
    one("no fraction", daily(), ("--valid 1.5", "between 0 and 1"), "--valid 1.5"),
    one("no such file", daily(), ("--test nowhere", "neither a fraction"), "--test nowhere.csv"),
    one("few rows", daily(days=3), ("training part", "1 step", "give more rows")),
    one("one row", daily(days=1), ("data.csv row 2", 'column "date"', "one time only", "give more rows")),
    one("a truthless test", daily({k: f"{day(k - 2)},1," for k in range(41, 51)}),
        ("validation part", "no series has a value"), "--valid 40:48 --test 50:60 --set horizon=2"),
    one("a test without truth", daily({k: f"{day(k - 2)},1," for k in range(50, 60)}),
        ("the test split", "2 steps", "value among them"), "--valid 40:48 --test 48:56 --set horizon=2"),
    one("no step", daily(), ('step="1huor"', "did you mean --set step=1h?"), "--set step=1huor"),
    one("a finer step", daily(), ("step=1h is finer", "longer step"), "--set step=1h"),
    one("rows that share a step", daily(), ("data.csv row 3", "same step of 2 days", "within=mean"), "--set step=2d"),
    one("no zone", daily(), ('unknown zone "Berlin"', "Europe/Berlin"), "--set zone=Berlin"),
    one(
        "an hour that never was",
        text("time,sold", [f"{datetime(2021, 3, 27) + timedelta(hours=k)},{k % 24}" for k in range(60)]),
        ("data.csv row 28", 'column "time"', "does not exist in Europe/Berlin", "fix the row"),
        "--set zone=Europe/Berlin",
    ),
    one("empty", "", ("data.csv: the file is empty",)),
    one("a header only", f"{HEAD}\n", ("data.csv row 1", "a header and no rows", "add rows")),
    one("a cell too many", daily({20: f"{day(18)},1,1,1"}), ("data.csv row 20", "4 cells", "row 1 has 3")),
    one("a word for a split", text("date,sold,part", SPLIT, {20: f"{day(18)},1,trian"}),
        (ROW_20 + '"part"', '"trian" is not train, valid or test', "correct the word"), "--split part"),
    one("splits out of order", text("date,sold,part", SPLIT, {20: f"{day(18)},1,test"}),
        (IN_DATE, "the test split begins before the valid split ends", "split in time"), "--split part"),
    one("two ways to split", text("date,sold,part", SPLIT), ("--valid 0.3", "which rows are valid", "leave one out"),
        "--split part --valid 0.3"),
    one("an option of rows", daily(), ("--group price", "leave it out"), "--group price"),
]  # fmt: skip


@pytest.mark.parametrize("broken", REFUSED, ids=lambda broken: broken.name)
def test_broken_series_are_refused_with_their_place(broken: Broken, tmp_path: Path) -> None:
    write(tmp_path, broken.files)
    run = tmp_path / "run"
    said = call("train", tmp_path / broken.data, "--run", run, *TINY, *broken.options.split())
    assert_refused(said, broken.words, run)


LATER, LAST = daily(days=10, begin=60), daily(days=10, begin=70)
FILES = [
    ("test before valid", LAST, LATER, ("test.csv row 2", 'column "date"', "the test split", "before the valid split")),
    ("valid before train", daily(days=10), LAST, ("valid.csv row 2", "before the train split", "split in time")),
    ("a day in both", daily(days=10, begin=59), LAST, ("valid.csv row 2", f'"{day(59)}"', "no time in two")),
    ("a column missing", LATER.replace("price", "prize"), LAST, ('the column "price"', "valid.csv", 'rename "prize"')),
    ("another form", LATER.replace("2021-", "2021/").replace("-", "/"), LAST, ("valid.csv row 2", "another form")),
    (
        "another step",
        text(HEAD, [f"{day(60)} {k:02}:00,1,2" for k in range(20)]),
        LAST,
        ("valid.csv row 2", "another form"),
    ),
    (
        "no value",
        text(HEAD, [f"{day(60 + k)},1," for k in range(10)]),
        LAST,
        ("validation part", "no series has a value"),
    ),
]


@pytest.mark.parametrize(("valid", "test", "words"), [case[1:] for case in FILES], ids=[case[0] for case in FILES])
def test_broken_files_of_splits_are_refused(valid: str, test: str, words: tuple[str, ...], tmp_path: Path) -> None:
    write(tmp_path, {"data.csv": daily(), "valid.csv": valid, "test.csv": test})
    given = ("--valid", tmp_path / "valid.csv", "--test", tmp_path / "test.csv", "--set", "horizon=2")
    said = call("train", tmp_path / "data.csv", "--run", tmp_path / "run", *TINY, *SOLD.split(), *given)
    assert_refused(said, words, tmp_path / "run")


SAID = [
    ("constant", text("date,sold", [f"{day(k)},5" for k in range(60)]), 'the series "sold" is constant'),
    ("one of several without a value", text("shop,date,sold", [f"{s},{day(k)},{'' if s == 'b' else k % 7}"
     for s in "abc" for k in range(40)]), 'the series "b" is left out: no value to forecast'),
    ("a series of one row", shops() + f"x,{day(0)},a,5\n",
     'the series "x" is of one value only'),
    ("missing values", daily({20: f"{day(18)},1,", 25: f"{day(23)},1,"}), "2 of 60 values are missing"),
    ("missing days", daily(days=10) + daily(days=49, begin=11).partition("\n")[2],
     "1 of 60 days is missing: 2021-01-14"),
    ("backwards", "\n".join([HEAD, *daily().splitlines()[:0:-1]]) + "\n", "run from the last time to the first"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "words"), [case[1:] for case in SAID], ids=[case[0] for case in SAID])
def test_odd_series_are_read_and_what_is_odd_is_said(table: str, words: str, tmp_path: Path) -> None:
    write(tmp_path, {"data.csv": table})
    said = call("check", tmp_path / "data.csv", "--task", "forecast", "--output", "sold", "--set", "horizon=2")
    assert said.code == 0 and words in said.out, (said.out, said.err)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("series")
    write(folder, {"data.csv": shops()})
    options = (*LITTLE, *SOLD.split(), "--set", "known=promo", "--set", "horizon=3", "--set", "context_length=6")
    said = call("train", folder / "data.csv", "--run", folder / "run", *options)
    assert said.code == 0, said.err
    return folder / "run"


def further(days: int = 3, begin: int = 40, sold: str = "", promo: str = "a", shop: str = "s1") -> str:
    return text("shop,date,promo,sold", [f"{shop},{day(begin + k)},{promo},{sold}" for k in range(days)])


UNFIT: list[tuple[str, str, tuple[str, ...]]] = [
    ("nothing planned", further(2, sold="5"), ('new.csv, column "promo"', '"s1"', day(42), "add rows", "left empty")),
    ("too little planned", further(2), ('column "promo"', day(42), "next 3 steps")),
    ("planned later", further(3, begin=42), ('column "promo"', day(40))),
    ("an unknown word", further(promo="z"), ('new.csv row 2, column "promo"', '"z"', "(a, b)", "leave the cell empty")),
    ("an unknown series", further(shop="s9"), ("new.csv", '"s9" is not known', "correct its name")),
    ("a column missing", "shop,date,sold\ns1,2021-03-01,5\n", ('new.csv: unknown column "promo"',)),
    ("a plan that ends too soon", "shop,date,promo\ns1,2021-03-01,a\n",
     ("new.csv", '"promo" of series "s1" is not given for', "add rows for the next 3 steps")),
    ("neither forecast column nor plan", "shop,date\ns1,2021-03-01\n", ('new.csv: unknown column "promo"',)),
    ("a word", further(sold="ten"), ('new.csv row 2, column "sold"', '"ten" is not a number')),
    ("hours", text("shop,date,promo,sold", [f"s1,{day(40)} {k:02}:00,a,5" for k in range(9)]),
     ("new.csv row 3", "lies between the steps", "steps of 1 day")),
    ("weeks", text("shop,date,promo,sold", [f"s1,{day(40 + 7 * k)},a,5" for k in range(9)]),
     ("new.csv row 3", "7 steps of 1 day apart", "steps of 1 day")),
    ("counts", text("shop,date,promo,sold", [f"s1,{k},a,5" for k in range(9)]), ("new.csv row 2", "counts", "dates")),
    ("an offset", text("shop,date,promo,sold", [f"s1,{day(40 + k)}T00:00+02:00,a,5" for k in range(9)]),
     ("new.csv row 2", "zone", day(0))),
    ("out of order", further() + f"s1,{day(41)},a,\n", ("new.csv row 5", "order of time")),
    ("a nameless series", further(shop=""), ("new.csv row 2", 'column "shop"', "fill it in")),
    ("empty", "", ("new.csv: the file is empty",)),
    ("a header only", further(0), ("new.csv row 1", "no rows")),
]  # fmt: skip


@pytest.mark.parametrize(("table", "words"), [case[1:] for case in UNFIT], ids=[case[0] for case in UNFIT])
def test_what_does_not_fit_a_run_is_refused(table: str, words: tuple[str, ...], finished: Path, tmp_path: Path) -> None:
    write(tmp_path, {"new.csv": table})
    assert_refused(call("predict", finished, tmp_path / "new.csv"), words)


def test_what_was_not_given_ahead_is_asked_for_without_a_file_too(finished: Path) -> None:
    assert_refused(call("predict", finished), ('"promo" of series "s0"', day(40), "add rows"))


def test_a_forecaster_is_asked_no_text(finished: Path) -> None:
    said = call("predict", finished, "--text", "what comes next?")
    assert said.code == 2 and "reads no text" in said.err and "give a FILE" in said.err


def test_what_cannot_be_evaluated_is_refused(finished: Path, tmp_path: Path) -> None:
    write(tmp_path, {"new.csv": further()})
    assert_refused(call("evaluate", finished, tmp_path / "new.csv"), ('new.csv, column "sold"', "no row has a value"))
    write(tmp_path, {"new.csv": further(2, sold="5")})
    assert_refused(call("evaluate", finished, tmp_path / "new.csv"), ("nothing to measure", "3 steps", "more rows"))


def rows(changed: int, **values: Any) -> list[dict[str, Any]]:
    """Records of thirty days, one of them with other values."""
    found: list[dict[str, Any]] = [{"date": date(2021, 1, 1) + timedelta(days=k), "sold": k % 7} for k in range(30)]
    return [*found[:changed], {**found[changed], **values}, *found[changed + 1 :]]


@pytest.mark.parametrize(
    ("records", "place"),
    [
        (rows(4, sold="ten"), (5, "sold")),
        (rows(4, sold=float("inf")), (5, "sold")),
        (rows(4, sold=[1, 2]), (5, "sold")),
        (rows(4, date=None), (5, "date")),
        (rows(4, date="soon"), (5, "date")),
        (rows(4, date=date(2021, 1, 1)), (5, "date")),
        (rows(4, date=date(2021, 1, 4)), (5, "date")),
    ],
)
def test_broken_records_are_refused_with_their_place(
    records: list[dict[str, Any]], place: tuple[int, str], tmp_path: Path
) -> None:
    with pytest.raises(ThroughtimeError) as refused:
        tt.train(records, tmp_path / "run", task="forecast", output=("sold",), threads=1)
    error = refused.value
    assert isinstance(error, DataError) and (error.place.row, error.place.column) == place, error
    assert error.exit_code == 2 and not list((tmp_path / "run").glob("*"))
