"""Finished pieces of work on disk: plain values as bytes that come back to the last bit, each file whole.

A block is one file: a line that says what it is, the sha256 of the rest, and the rest. Values are numbers,
text, None, arrays, and lists, tuples and dicts of these: JSON for the structure, raw bytes for the arrays.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from darkmoment.files import write_whole

HEAD = b"darkmoment block 1\n"
SUFFIX = ".block"
_SHA = 32

Note = Callable[[str], None]


class PlainError(TypeError):
    """A value that is not plain, and so cannot be kept or sent."""


class BlockError(ValueError):
    """A file that is no whole block."""


def encode(value: Any, canonical: bool = False) -> bytes:
    """Return a plain value as bytes.

    Parameters
    ----------
    value : object
        None, bool, int, float, str, bytes, numpy numbers, arrays, and lists, tuples and dicts of these.
    canonical : bool
        True to forget the order of dicts and the memory layout of arrays: for digests.

    Raises
    ------
    PlainError
        Names what is not.
    """
    buffers: list[bytes] = []
    structure = _taken_apart(value, buffers, canonical)
    text = json.dumps(structure, separators=(",", ":"), ensure_ascii=True).encode()
    return b"".join([len(text).to_bytes(8, "little"), text, *buffers])


def decode(data: bytes) -> Any:
    """Return the value that `encode` took apart; arrays are fresh and writable."""
    start = 8 + int.from_bytes(data[:8], "little")
    return _Reader(data, start).put_together(json.loads(data[8:start]))


def key_of(*parts: Any) -> str:
    """Return the sha256 of plain values, the same for equal content."""
    return hashlib.sha256(encode(parts, canonical=True)).hexdigest()


def _taken_apart(value: Any, buffers: list[bytes], canonical: bool) -> Any:
    """Return JSON for a value; the bytes of arrays go to `buffers`."""
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if kind is float:
        # JSON keeps every bit of a number, but not the sign of NaN
        return value if value == value else ["g", *_stored(np.array(value).tobytes(), buffers), "<f8"]
    if kind in (list, tuple):
        return ["l" if kind is list else "t", *(_taken_apart(v, buffers, canonical) for v in value)]
    if kind is dict:
        pairs = sorted(value.items(), key=lambda pair: repr(pair[0])) if canonical else value.items()
        return ["d", *([_taken_apart(part, buffers, canonical) for part in pair] for pair in pairs)]
    if kind is bytes:
        return ["b", *_stored(value, buffers)]
    if isinstance(value, np.generic) and value.dtype.kind in "biufcSU":
        array = np.asarray(value)  # an empty numpy text has no size of its own
        return ["s", *_stored(array.tobytes(), buffers), array.dtype.str]
    if kind is np.ndarray and value.dtype.kind in "biufcSU":
        columns = not canonical and value.flags.f_contiguous and not value.flags.c_contiguous
        order = "F" if columns else "C"
        return ["a", *_stored(value.tobytes(order), buffers), value.dtype.str, list(value.shape), order]
    raise PlainError(
        f"{_shown(value)} is not plain: numbers, text, None, arrays, and lists, tuples, dicts of these are"
    )


def _shown(value: Any) -> str:
    what = f" of {value.dtype}" if isinstance(value, np.ndarray) else ""
    text = repr(value)
    return f"{type(value).__name__}{what} {text if len(text) < 60 else text[:57] + '...'}"


def _stored(data: bytes, buffers: list[bytes]) -> list[int]:
    buffers.append(data)
    return [len(data)]


class _Reader:
    """Puts a value together; buffers are met in the order in which they were written."""

    def __init__(self, data: bytes, start: int) -> None:
        self.data = data
        self.at = start

    def _next(self, size: int) -> bytes:
        found = self.data[self.at : self.at + size]
        self.at += size
        return found

    def put_together(self, structure: Any) -> Any:
        if not isinstance(structure, list):
            return structure
        kind, *rest = structure
        if kind == "l":
            return [self.put_together(v) for v in rest]
        if kind == "t":
            return tuple(self.put_together(v) for v in rest)
        if kind == "d":
            return {self.put_together(k): self.put_together(v) for k, v in rest}
        raw = self._next(rest[0])
        if kind == "b":
            return raw
        dtype, shape = rest[1], rest[2] if kind == "a" else []
        flat = np.frombuffer(raw, dtype) if raw else np.zeros(prod(shape), dtype)
        if kind == "a":
            return flat.reshape(shape, order=rest[3]).copy(order="K")
        return float(flat[0]) if kind == "g" else flat[0]


class Blocks:
    """The finished pieces of one run: files that hold the results of one or more items.

    Parameters
    ----------
    folder : Path
        Made when the first block is written.
    salt : str
        What every result depends on besides fit and item, e.g. the versions of the code: blocks of another
        salt are never found.
    note : callable
        Told of files that are damaged, and so are computed again.
    """

    def __init__(self, folder: Path, salt: str = "", note: Note = warnings.warn) -> None:
        self.folder = folder
        self.salt = salt
        self.note = note
        self._home: dict[str, Path] = {}
        for file in sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else ():
            found = self._read(file)
            if found is not None:
                self._home |= dict.fromkeys(found[0], file)

    def keys(self, work: str, identity: str, items: Sequence[Any]) -> list[str]:
        """Return the key of each item of some work for a fit."""
        return [key_of(self.salt, work, identity, item) for item in items]

    def found(self, keys: Sequence[str]) -> dict[str, Any]:
        """Return the results that are kept, by key."""
        wanted = set(keys)
        kept: dict[str, Any] = {}
        for file in dict.fromkeys(self._home[key] for key in keys if key in self._home):
            block = self._read(file)
            if block is None:  # damaged since
                self._home = {key: home for key, home in self._home.items() if home != file}
                continue
            kept |= {k: result for k, result in zip(*block, strict=True) if k in wanted}
        return kept

    def keep(self, keys: Sequence[str], results: Sequence[Any]) -> list[Any]:
        """Write the results of one chunk, whole or not at all; return them as they will be read."""
        body = encode((list(keys), list(results)))
        name = hashlib.sha256("".join(keys).encode()).hexdigest()[:32]
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / f"{name}{SUFFIX}"
        write_whole(file, HEAD + hashlib.sha256(body).digest() + body)
        self._home |= dict.fromkeys(keys, file)
        # the memory layout of an array can show in the last digits of what is made from it
        kept: list[Any] = decode(body)[1]
        return kept

    def _read(self, file: Path) -> tuple[list[str], list[Any]] | None:
        """Return keys and results of a file; None, with a note, where it is damaged."""
        try:
            keys, results = decode(_checked(file.read_bytes()))
        except (OSError, BlockError) as error:
            self.note(f"{file} cannot be read ({error}): what it held is computed again")
            return None
        return keys, results

    def remove(self) -> None:
        """Remove every block, and the folder if nothing else is in it."""
        self._home = {}
        if self.folder.is_dir():
            for file in self.folder.glob(f"*{SUFFIX}"):
                file.unlink()
            if not any(self.folder.iterdir()):
                self.folder.rmdir()


def _checked(data: bytes) -> bytes:
    """Return the body of a block whose checksum holds."""
    start = len(HEAD) + _SHA
    if not data.startswith(HEAD):
        raise BlockError("it does not begin as a block does")
    if len(data) < start or hashlib.sha256(data[start:]).digest() != data[len(HEAD) : start]:
        raise BlockError("its checksum does not hold")
    return data[start:]
