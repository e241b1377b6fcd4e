"""Stories of a small world: where somebody is was told a few sentences ago, and other things since."""

from __future__ import annotations

from typing import Any

from throughtime.demos.demo import Demo, demos
from throughtime.synthetic.stories import rows, stories

STORIES = 1_000  # with five questions each


def told() -> list[dict[str, Any]]:
    """One record for each question: the story before it, the question, its answer, the number of the story."""
    return [dict(row) for row in rows(stories(STORIES, facts=1))]


demos.add(
    "stories",
    Demo(
        name="stories",
        title="Where is Ada? Questions about stories",
        story="People go from place to place, and it is asked where one of them is. Which words a story holds says "
        "little; who went where, and when, is the answer. The network reads story and question, and looks for it.",
        rows=told,
        settings={"task": "answer", "input": ("story", "question"), "output": ("answer",), "group": "number"},
    ),
)
