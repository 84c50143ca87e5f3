"""Arrays of a `.npz` file as `numpy.savez` writes it, read without numpy, whose import takes ten megabytes.

Rows are read where they lie: a large array of which a request needs a few hundred rows takes no memory.
"""

from __future__ import annotations

import ast
import os
import struct
import weakref
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from zipfile import ZIP_STORED, ZipFile, ZipInfo

_LENGTHS_IN_ZIP_HEADER = struct.Struct("<26xHH")
_VERSION_AND_LENGTH = struct.Struct("<6sBxH")
_NUMBER, _SMALL_NUMBER, _TEXT = "<f4", "|i1", "<U"
_BYTES_OF_A_LETTER = 4


@dataclass(frozen=True)
class _Stored:
    """An array in the file: where it begins, what its items are, and how many there are in each dimension."""

    begins: int
    kind: str
    shape: tuple[int, ...]


class ArrayFile:
    """It stays open as long as something reads from it, so that a file put in its place changes nothing."""

    def __init__(self, path: Path) -> None:
        """Raises OSError, and ValueError or BadZipFile for what `numpy.savez` did not write."""
        self._descriptor = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._descriptor)
        with open(self._descriptor, "rb", closefd=False) as file, ZipFile(file) as members:
            self._stored = {info.filename.removesuffix(".npy"): self._find(info) for info in members.infolist()}

    def __contains__(self, name: str) -> bool:
        return name in self._stored

    def texts(self, name: str) -> list[str]:
        """An array of texts."""
        stored = self._stored[name]
        if not stored.kind.startswith(_TEXT):
            raise ValueError(f"{name} holds no texts")
        size = _BYTES_OF_A_LETTER * int(stored.kind.removeprefix(_TEXT))
        content = self.read(stored.begins, size * stored.shape[0])
        items = (content[start : start + size] for start in range(0, len(content), size))
        return [item.decode("utf-32-le").rstrip("\0") for item in items]

    def numbers(self, name: str) -> array[float]:
        """An array of 32-bit numbers."""
        stored = self._stored[name]
        if stored.kind != _NUMBER:
            raise ValueError(f"{name} holds no 32-bit numbers")
        return array("f", self.read(stored.begins, 4 * stored.shape[0]))

    def rows(self, name: str) -> StoredRows:
        """An array of two dimensions whose items are small whole numbers; nothing is read yet."""
        stored = self._stored[name]
        if stored.kind != _SMALL_NUMBER or len(stored.shape) != 2:
            raise ValueError(f"{name} holds no rows of bytes")
        return StoredRows(self, stored.begins, stored.shape[1])

    def read(self, begins: int, size: int) -> bytes:
        """That part of the file. Raises ValueError where it ends before."""
        found = os.pread(self._descriptor, size, begins)
        if len(found) != size:
            raise ValueError("the file of arrays is cut off")
        return found

    def _find(self, info: ZipInfo) -> _Stored:
        if info.compress_type != ZIP_STORED:
            raise ValueError(f"{info.filename} is compressed")
        lengths = _LENGTHS_IN_ZIP_HEADER.unpack(self.read(info.header_offset, _LENGTHS_IN_ZIP_HEADER.size))
        begins = info.header_offset + _LENGTHS_IN_ZIP_HEADER.size + sum(lengths)
        magic, version, length = _VERSION_AND_LENGTH.unpack(self.read(begins, _VERSION_AND_LENGTH.size))
        begins += _VERSION_AND_LENGTH.size
        if (magic, version) != (b"\x93NUMPY", 1):
            raise ValueError(f"{info.filename} is no array")
        told = cast("Mapping[str, object]", ast.literal_eval(self.read(begins, length).decode("latin-1")))
        if told["fortran_order"]:
            raise ValueError(f"{info.filename} is stored by columns")
        return _Stored(begins + length, str(told["descr"]), cast("tuple[int, ...]", told["shape"]))


class StoredRows:
    """The rows of an array that stays in its file."""

    def __init__(self, file: ArrayFile, begins: int, width: int) -> None:
        self._file = file
        self._begins = begins
        self._width = width

    def at(self, places: Sequence[int]) -> array[int]:
        """The items of these rows, one row after the other."""
        return array(
            "b", b"".join(self._file.read(self._begins + place * self._width, self._width) for place in places)
        )
