"""Every name of the public API has an example, and the examples are true."""

import doctest
import sys

import pytest

import darkmoment

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def examples(name: str) -> doctest.DocTest:
    """Return the examples of a name's own docstring."""
    thing = getattr(darkmoment, name)
    module = sys.modules[thing.__module__]
    return doctest.DocTestParser().get_doctest(thing.__doc__ or "", {}, name, module.__file__, 0)


@pytest.mark.parametrize("name", darkmoment.__all__)
def test_every_public_name_has_an_example_and_it_is_true(name: str) -> None:
    test = examples(name)
    assert test.examples, f"darkmoment.{name} has no example in its docstring"
    said: list[str] = []
    failed, _ = doctest.DocTestRunner(optionflags=FLAGS).run(test, out=said.append)
    assert not failed, "\n" + "".join(said)


def test_a_wrong_example_fails() -> None:
    test = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, 0)
    failed, _ = doctest.DocTestRunner(optionflags=FLAGS).run(test, out=lambda _: None)
    assert failed == 1
