"""What a user can choose about data: which columns, how files are read, how they are split, how text becomes tokens."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from throughtime.settings import Group

AtLeastOne = Annotated[int, Meta(ge=1)]
MoreThanOne = Annotated[int, Meta(ge=2)]
MoreThanBytes = Annotated[int, Meta(ge=257)]


class DataSettings(Group, frozen=True):
    """The data"""

    input: Annotated[tuple[str, ...], Meta(description="columns to learn from; proposed if not given")] = ()
    output: Annotated[tuple[str, ...], Meta(description="the column to learn; proposed if not given")] = ()
    kinds: Annotated[
        tuple[str, ...],
        Meta(
            description="what a column holds, as column=kind with kind tokens, category, labels or number; with a "
            "value for each step, words, numbers, tags or notes"
        ),
    ] = ()
    valid: Annotated[
        str,
        Meta(
            description="validation split: a fraction of the rows, a file or folder, column=value,value, or, where it "
            "is forecast, a range of rows as in 8640:11520"
        ),
    ] = "0.1"
    test: Annotated[
        str,
        Meta(
            description="test split: a fraction of the rows, a file or folder, column=value,value, or, where it "
            "is forecast, a range of rows as in 11520:14400"
        ),
    ] = "0.1"
    split: Annotated[str | None, Meta(description="column that says train, valid or test for each row")] = None
    group: Annotated[str | None, Meta(description="column whose equal values stay together in one split")] = None
    series: Annotated[
        str | None,
        Meta(description="column that names the series a row belongs to, where every row is a step of a series"),
    ] = None
    time: Annotated[
        str | None, Meta(description="column that says when a step was; found by its values if not given")
    ] = None
    split_seed: Annotated[int, Meta(ge=0, description="seed of the splits made by fraction")] = 0
    format: Annotated[str, Meta(description="file format by name; auto recognises it by content, then by name")] = (
        "auto"
    )
    encoding: Annotated[str, Meta(description="text encoding, such as utf-8 or windows-1252; auto recognises it")] = (
        "auto"
    )
    delimiter: Annotated[
        str,
        Meta(description="what parts the cells of a table: one character, or tab, comma, semicolon, pipe, space; auto"),
    ] = "auto"
    header: Annotated[
        Literal["auto", "yes", "no"],
        Meta(description="whether a table's first row names its columns; without, they are 1 2 ..."),
    ] = "auto"
    missing: Annotated[
        tuple[str, ...],
        Meta(description="texts that mean a missing value, such as n/a; if given, empty cells are missing values too"),
    ] = ()
    label_separator: Annotated[
        str | None, Meta(description="what parts the labels of one cell where a row has several, such as ;")
    ] = None
    tokens: Annotated[
        Literal["auto", "characters", "words", "bytes", "subwords", "kmers"],
        Meta(description="what a text is cut into; auto looks at the texts; kmers: every run of so many letters"),
    ] = "auto"
    kmer: Annotated[
        MoreThanOne | None,
        Meta(description="letters of a run, with tokens=kmers; they overlap, one begins at every letter; none: 3"),
    ] = None
    reverse_complement: Annotated[
        Literal["none", "augment", "tied"],
        Meta(
            description="the other strand of DNA or RNA: augment reads each row as it in every second epoch or so, "
            "drawn anew; tied reads both strands with the same weights and answers them alike"
        ),
    ] = "none"
    subwords: Annotated[
        MoreThanBytes | None,
        Meta(
            description="different pieces of words, with tokens=subwords, the 256 bytes among them; none: one for "
            "every 40 words of the training texts, from 500 to 8,000",
        ),
    ] = None
    shared_vocabulary: Annotated[
        bool, Meta(description="one vocabulary for the texts that are read and those that are written")
    ] = False
    lower_case: Annotated[
        Literal["auto", "yes", "no"],
        Meta(description="lower-case the texts; auto: words that are read yes, all else no"),
    ] = "auto"
    max_length: Annotated[
        AtLeastOne | None, Meta(description="tokens kept of a text, counted from its start; none keeps all")
    ] = None
    max_vocabulary: Annotated[AtLeastOne | None, Meta(description="most frequent tokens kept; none keeps all")] = None
    min_count: Annotated[
        AtLeastOne | None,
        Meta(
            description="tokens seen less often in training become <unk>; none: 2 for words of 10,000 or more, else 1"
        ),
    ] = None
    stress: Annotated[
        Literal["yes", "no"], Meta(description="whether symbols of a dictionary keep their stress digits, as in AH0")
    ] = "yes"
    crop: Annotated[
        int,
        Meta(
            ge=0,
            description="in training, a window of so many tokens or frames of what is longer, drawn anew every epoch; "
            "0: the whole; if not set 150 where texts have 300 words or more on average, and 200 of 400 frames",
        ),
    ] = 0
    frame: Annotated[
        str, Meta(description="length of a frame of music, as a part of a whole note: 1/16, or 1/12 for triplets")
    ] = "1/16"
