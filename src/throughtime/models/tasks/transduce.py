"""A text, or anything else that is read, to a text of another length."""

from __future__ import annotations

from throughtime.data.fields import Field
from throughtime.models.metrics.translation import EVAL
from throughtime.models.settings import TransduceSettings
from throughtime.models.tasks.task import Task, tasks


def watched(output: Field) -> str:
    """bleu of sentences, where it is installed, else word_error; of names character_error"""
    unit = getattr(output, "text_unit", "words")
    if unit == "words" and EVAL.installed:
        return "bleu"
    return "character_error" if unit == "letters" else "word_error"


tasks.add(
    "transduce",
    Task(
        name="transduce",
        title="A text to a text of another length: translation, transliteration, pronunciation.",
        shape="many to many, unaligned",
        reads="a folder of files side by side (train.de, train.en, ...), tables with two columns of texts, json lines, "
        "dictionaries of pronunciations",
        settings=TransduceSettings,
        metric={"tokens": watched},
        baselines=("copy", "known_answers", "word_table", "letter_mapping"),
        defaults={"learning_rate": 0.002, "epochs": 20},
        example="throughtime train de-en --input de --output en --set tokens=subwords --run runs/de-en",
    ),
)
