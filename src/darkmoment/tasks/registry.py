"""Every task there is: the run file, the command line and the API all read this table."""

from __future__ import annotations

from collections.abc import Mapping

from darkmoment.tasks import (
    compare,
    compare_conventions,
    discovery,
    errata,
    leave_one_out,
    maximise,
    profile,
    reach,
    recast,
    sample,
    waterfall,
)
from darkmoment.tasks.task import Task

_ALL = (
    maximise.TASK,
    profile.TASK,
    leave_one_out.TASK,
    sample.TASK,
    recast.TASK,
    reach.TASK,
    discovery.TASK,
    compare.TASK,
    compare_conventions.TASK,
    errata.TASK,
    waterfall.TASK,
)

TASKS: Mapping[str, Task] = {task.name: task for task in _ALL}
"""Task name -> task."""
