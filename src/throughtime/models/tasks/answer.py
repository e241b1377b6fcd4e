"""Answer: a story and a question to an answer."""

from __future__ import annotations

from throughtime.models.settings import AnswerSettings
from throughtime.models.tasks.task import Task, tasks
from throughtime.models.tasks.transduce import watched

tasks.add(
    "answer",
    Task(
        name="answer",
        title="A story and a question, each read by itself, to an answer: the question looks at the story.",
        shape="many to one",
        reads="bAbI's stories with questions, tables and json lines with a text and a question about it",
        settings=AnswerSettings,
        metric={"category": "accuracy", "tokens": watched},
        head={"category": "answer"},
        baselines=("majority", "naive_bayes_words", "logistic_regression_words", "known_answers", "copy"),
        texts=2,
        guessed=False,
        # with noise, or at a higher rate, the look that must follow another one is found late or never
        defaults={"learning_rate": 0.001, "dropout": 0.0, "token_dropout": 0.0, "hidden_size": 32, "epochs": 20},
        example="throughtime train stories/ --task answer --run runs/stories",
    ),
)
