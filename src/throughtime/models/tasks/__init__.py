"""Tasks: a task is a value, one file each."""

from throughtime.models.tasks.task import Task, build_model, task_for, tasks

__all__ = ["Task", "build_model", "task_for", "tasks"]
