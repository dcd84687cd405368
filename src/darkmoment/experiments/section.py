"""One mapping of a card, read strictly: unknown and missing keys and wrong types are refused by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite
from typing import Any, TypeVar

from darkmoment.experiments.errors import CardError, nearest

T = TypeVar("T")


class Section:
    """A mapping within a card, with its place in the file.

    Parameters
    ----------
    file : object
        What the errors call the file.
    path : str
        Path of this mapping within it, empty at the top.
    content : object
        What the YAML reader found there.
    known : sequence of str or None
        The keys that may occur; None where the keys are names (of datasets, options, ...).

    Raises
    ------
    CardError
        If the content is not a mapping, or has a key that is unknown or occurs twice as text.
    """

    def __init__(self, file: object, path: str, content: object, known: Sequence[str] | None = None) -> None:
        self.file = file
        self.path = path
        if not isinstance(content, Mapping):
            raise self.error("", f"expected 'key: value' pairs, found {content!r}")
        # 2025 and "2025" are the same name: keys are compared as text
        self.content: dict[str, Any] = {}
        for key, value in content.items():
            if str(key) in self.content:
                raise self.error(str(key), "occurs twice")
            self.content[str(key)] = value
        for key in self.content:
            if known is not None and key not in known:
                near = nearest(key, known)
                hint = f" (did you mean '{near}'?)" if near else f"; known keys: {', '.join(known)}"
                raise self.error(key, f"unknown key{hint}")

    def __contains__(self, key: str) -> bool:
        return key in self.content

    def __iter__(self) -> Iterator[str]:
        return iter(self.content)

    def key(self, key: str) -> str:
        """Return the full path of a key of this section."""
        return ".".join(part for part in (self.path, key) if part)

    def error(self, key: str, message: str) -> CardError:
        """Return the error for one key of this section."""
        return CardError(self.file, self.key(key), message)

    def raw(self, key: str) -> Any:
        """Return what stands at a required key."""
        if key not in self.content:
            raise self.error(key, "is missing")
        return self.content[key]

    def section(self, key: str, known: Sequence[str] | None = None) -> Section:
        """Return the mapping at a key; an absent one is empty."""
        return Section(self.file, self.key(key), self.content.get(key, {}), known)

    def read(self, key: str, convert: Callable[[str], T]) -> T:
        """Return a required text after `convert`, whose ValueError becomes a CardError."""
        try:
            return convert(self.text(key))
        except CardError:
            raise
        except ValueError as problem:
            raise self.error(key, str(problem)) from problem

    def text(self, key: str) -> str:
        """Return a required, non-empty text."""
        value = self.raw(key)
        if not isinstance(value, str) or not value.strip():
            raise self.error(key, f"expected a text, found {value!r} (numbers meant as text need quotes)")
        return " ".join(value.split())

    def optional_text(self, key: str) -> str:
        """Return a text, empty where the key is absent."""
        return self.text(key) if key in self else ""

    def number(self, key: str) -> float:
        """Return a required finite number."""
        value = self.raw(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise self.error(key, f"expected a number, found {value!r}")
        return float(value)

    def positive(self, key: str) -> float:
        """Return a required number above zero."""
        value = self.number(key)
        if value <= 0:
            raise self.error(key, f"must be positive, found {value:g}")
        return value

    def count(self, key: str) -> int:
        """Return a required whole number, zero included."""
        value = self.raw(key)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.error(key, f"expected a whole number of events, found {value!r}")
        return value

    def flag(self, key: str) -> bool:
        """Return a required yes or no (YAML 1.2 reads `yes` as a text)."""
        value = self.raw(key)
        if isinstance(value, bool):
            return value
        if value in ("yes", "no"):
            return bool(value == "yes")
        raise self.error(key, f"expected yes or no, found {value!r}")

    def choice(self, key: str, choices: Sequence[str]) -> str:
        """Return a required text that is one of `choices`."""
        value = self.text(key)
        if value not in choices:
            near = nearest(value, choices)
            hint = f" (did you mean '{near}'?)" if near else ""
            raise self.error(key, f"'{value}' is not one of {', '.join(choices)}{hint}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a text or a list of texts as a tuple, empty where the key is absent."""
        if key not in self:
            return ()
        value = self.raw(key)
        found = value if isinstance(value, list) else [value]
        if not found or not all(isinstance(item, str) and item.strip() for item in found):
            raise self.error(key, f"expected a quoted text or a list of them, found {value!r}")
        return tuple(found)

    def numbers(self, key: str) -> dict[str, float]:
        """Return a mapping name -> number, empty where the key is absent."""
        section = self.section(key)
        return {name: section.number(name) for name in section}
