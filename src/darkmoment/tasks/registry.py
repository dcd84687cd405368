"""Every task there is: the run file, the command line and the API all read this table."""

from __future__ import annotations

from collections.abc import Mapping

from darkmoment.tasks import compare, errata, maximise, profile, recast, sample
from darkmoment.tasks.task import Task

_ALL = (maximise.TASK, profile.TASK, sample.TASK, recast.TASK, compare.TASK, errata.TASK)

TASKS: Mapping[str, Task] = {task.name: task for task in _ALL}
"""Task name -> task."""
