"""Running text, and music: the next token, or the next notes, and the next."""

from __future__ import annotations

from throughtime.data.fields import Field
from throughtime.models.settings import LanguageSettings
from throughtime.models.tasks.task import Task, tasks


def watched(field: Field) -> str:
    """perplexity of words, cross_entropy of letters"""
    return "perplexity" if getattr(field, "unit", "") in ("words", "spaces") else "cross_entropy"


tasks.add(
    "language_model",
    Task(
        name="language_model",
        title="Running text to the next character, byte or word at every step, or music to the next notes; generates.",
        shape="many to many, aligned",
        reads="a text, a folder of texts, a sentence a line, a column of texts, FASTA; "
        "music in JSON or MIDI, or in ABC",
        settings=LanguageSettings,
        metric={"stream": watched, "notes": "nll"},
        baselines=("kneser_ney", "independent_notes", "repeat_frame"),
        defaults={
            "valid": "0.05",
            "test": "0.05",
            "bidirectional": False,
            "hidden_size": 512,
            "learning_rate": 0.004,
        },
        kind_defaults={"notes": {"valid": "0.1", "test": "0.1", "hidden_size": 256, "learning_rate": 0.004}},
        example="throughtime train shakespeare.txt --run runs/plays",
    ),
)
