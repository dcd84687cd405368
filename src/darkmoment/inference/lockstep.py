"""Many local searches at once, advancing in step, so that their points are evaluated as one batch.

A likelihood call on one gradient's points costs almost as much as on a thousand of them. Each search runs in
a thread of its own and stops where it needs numbers; when all have stopped, one call answers all of them.
What a search is told does not depend on who else is running, so neither does its result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

Request = TypeVar("Request")
Answer = TypeVar("Answer")
Result = TypeVar("Result")


class _Abandoned(BaseException):
    """Raised inside a search whose run has been given up."""


def lockstep(
    jobs: Sequence[Callable[[Callable[[Request], Answer]], Result]],
    answer_all: Callable[[list[tuple[int, Request]]], list[Answer]],
) -> list[Result]:
    """Run jobs side by side.

    Parameters
    ----------
    jobs : sequence of callable
        Each takes a function `ask(request) -> answer`.
    answer_all : callable
        Takes a list of (job number, request), in order of job number, and returns the answers.

    Returns
    -------
    list
        What each job returned.

    Raises
    ------
    BaseException
        The first error of a job or of `answer_all`; the other jobs are then given up.
    """
    said: SimpleQueue[tuple[int, str, Any]] = SimpleQueue()
    mailboxes = [SimpleQueue[Any]() for _ in jobs]
    results: list[Any] = [None] * len(jobs)

    def run(number: int) -> None:
        def ask(request: Request) -> Answer:
            said.put((number, "asks", request))
            reply = mailboxes[number].get()
            if isinstance(reply, _Abandoned):
                raise reply
            return reply

        try:
            said.put((number, "done", jobs[number](ask)))
        except BaseException as error:
            said.put((number, "fails", error))

    for number in range(len(jobs)):
        Thread(target=run, args=(number,), daemon=True).start()
    running, waiting = len(jobs), {}
    try:
        while running:
            number, what, content = said.get()
            if what == "fails":
                raise content
            if what == "done":
                results[number] = content
                running -= 1
            else:
                waiting[number] = content
            if running and len(waiting) == running:
                asked = sorted(waiting.items())
                waiting = {}
                for (number, _), reply in zip(asked, answer_all(asked), strict=True):
                    mailboxes[number].put(reply)
    except BaseException:
        for mailbox in mailboxes:
            mailbox.put(_Abandoned())
        raise
    return results
