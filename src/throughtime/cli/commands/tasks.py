"""throughtime tasks"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from typer import Argument

from throughtime.cli import options
from throughtime.cli.main import app
from throughtime.cli.output import print_table


@app.command()
def tasks(
    name: Annotated[str | None, Argument(help="A task.", metavar="NAME", show_default=False)] = None,
    use: options.Use = None,
) -> None:
    """List the tasks, or everything that can be set for one: options, defaults, formats."""
    from throughtime.api.own import import_files
    from throughtime.api.settings import GROUPS
    from throughtime.models.tasks import tasks as registered
    from throughtime.settings import declared

    import_files(use or ())
    if name is None:
        rows = [(known, task.shape, task.title) for known, task in registered.items()]
        print_table([("task", "shape", "what it does"), *rows])
        return
    task = registered[name]
    print(f"{task.name}: {task.title}\nshape: {task.shape}\nreads: {task.reads}\nexample: {task.example}")
    print("metric: " + ", ".join(f"{_named(metric)} (of {kind})" for kind, metric in task.metric.items()))
    print(f"baselines: {', '.join(task.baselines)}")
    for kind, defaults in task.kind_defaults.items():
        listed = ", ".join(f"{setting} {_shown(value)}" for setting, value in defaults.items())
        print(f"defaults where {kind} are learnt: {listed}")
    for title, group in (*GROUPS.items(), ("task", task.settings)):
        print(f"\n[{title}]")
        print_table(
            [
                ("setting", "default", "values", "what it is"),
                *(
                    (s.name, _shown(task.defaults.get(s.name, s.default)), s.values, s.help)
                    for s in declared(group)
                    if s.name not in task.idle
                ),
            ]
        )


def _named(metric: str | Callable[..., str]) -> str:
    """A metric by name; of a rule that chooses one, what it says of itself."""
    return metric if isinstance(metric, str) else (metric.__doc__ or "").split("\n")[0].rstrip(".")


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "-"
    return "none" if value is None else str(value)
