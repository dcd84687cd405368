"""Linear algebra in one thread while work is done, and as before afterwards."""

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from darkmoment.fit import Fit
from darkmoment.inference.chunks import ChunkedCrew
from darkmoment.inference.crew import Crew


def threads(fit=None, items=(1,)):
    return [[pool["num_threads"] for pool in threadpool_info()] for _ in items]


@pytest.mark.parametrize("crew", [Crew(), ChunkedCrew()], ids=["plain", "chunked"])
def test_work_sees_one_thread(crew, tiny):
    with threadpool_limits(3):
        (before,) = threads()
        assert set(before) == {3}
        assert crew.run(threads, Fit.load(tiny), [1, 2]) == [[1] * len(before)] * 2
        assert threads() == [before]
