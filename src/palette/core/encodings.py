"""The encoding a text file is in, told by reading it through, and a copy of it in UTF-8."""

from __future__ import annotations

import gzip
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO

_CHUNK = 1 << 20
_BYTE_ORDER_MARKS = {BOM_UTF8: "utf-8-sig", BOM_UTF16_LE: "utf-16", BOM_UTF16_BE: "utf-16"}
_WITHOUT_MARK = {"utf-8-sig": ("utf-8", 3), "utf-16": ("utf-16-le", 2)}  # and the bytes the mark takes
_UTF_8_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_ASCII = bytes(range(128))
_C1 = re.compile(rb"[\x80-\x9f]")
# Bytes undefined in Windows-1252, and four accented letters in a row, which its languages never have.
_NOT_WESTERN = re.compile(rb"[\x00\x81\x8d\x8f\x90\x9d]|[\xc0-\xff]{4}")

_AMID_LATIN = re.compile(r"(?<=[A-Za-z])[^\x00-\x7f](?=[A-Za-z])")


class EncodingError(ValueError):
    """A file is no text in an encoding that is read; the message names the file and the byte."""


def encoding_of(source: Path | IO[bytes]) -> str:
    """Tell how a text file is encoded.

    Parameters
    ----------
    source : Path or binary stream
        A file, of which a .gz is read uncompressed, or a stream that can seek; it is left at its start.

    Returns
    -------
    str
        Python's name of the encoding: ``utf-8``, ``utf-8-sig`` (with a byte order mark), ``utf-16`` (with
        one), ``utf-16-le``, ``utf-16-be``, ``cp949`` (EUC-KR is part of it), ``cp1252``, or ``latin-1``
        where the file has none of the characters in which Windows-1252 differs from it.

    Raises
    ------
    EncodingError
        The file is in none of these; the message names the first byte that shows it, counted from 0.
    """
    with _bytes_of(source) as stream:
        start = stream.read(1 << 16)
        for encoding in (_marked(start), _unmarked_utf_16(start)):
            if encoding:
                if (stray := _first_error(stream, encoding)) is not None:
                    raise _no_text(source, stray, f"not {encoding.upper()}, as the file begins")
                return encoding
        not_utf_8 = _first_error(stream, "utf-8")
        if not_utf_8 is None:
            return "utf-8"
        if _first_error(stream, "cp949") is None and _is_korean(stream):
            return "cp949"
        if _is_nearly_utf_8(stream):
            raise _no_text(source, not_utf_8, "not UTF-8, as the rest of the file is")
        stray = _search(stream, _NOT_WESTERN)
        if stray is not None:
            raise _no_text(source, stray, "neither UTF-8, UTF-16, CP949 (EUC-KR) nor Windows-1252 text")
        return "latin-1" if _search(stream, _C1) is None else "cp1252"


def utf8_copy(path: Path, encoding: str, out: Path) -> None:
    """Write a copy of a text file in UTF-8, without a byte order mark and uncompressed.

    Parameters
    ----------
    path : Path
        The file; a .gz is read uncompressed.
    encoding : str
        What `encoding_of` says of it.
    out : Path
        Where the copy goes; line ends stay as they are.

    Raises
    ------
    EncodingError
        A byte is none of the encoding; the message names it.
    """
    with _bytes_of(path) as stream, out.open("w", encoding="utf-8", newline="") as copy:
        try:
            for text in _decoded(stream, encoding):
                copy.write(text)
        except UnicodeDecodeError as error:
            raise _no_text(path, error.start, f"not {encoding.upper()} text") from error


def _no_text(source: Path | IO[bytes], at: int, problem: str) -> EncodingError:
    name = str(source) if isinstance(source, Path) else getattr(source, "name", "the file")
    return EncodingError(f"{name}: byte {at:,} is {problem}; save the file as UTF-8")


@contextmanager
def _bytes_of(source: Path | IO[bytes]) -> Iterator[IO[bytes]]:
    if not isinstance(source, Path):
        yield source
        source.seek(0)
    elif source.suffix.lower() == ".gz":
        with gzip.open(source) as stream:
            yield stream  # type: ignore[misc]
    else:
        with source.open("rb") as stream:
            yield stream


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    stream.seek(0)
    while chunk := stream.read(_CHUNK):
        yield chunk


def _decoded(stream: IO[bytes], encoding: str) -> Iterator[str]:
    """Decode a stream from its start; an error's position is that in the stream. NUL is no text either."""
    decoder = getincrementaldecoder(encoding)()
    read = 0
    for chunk in chain(_chunks(stream), [b""]):
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(chunk, final=not chunk)
            if "\0" in text:
                bare, mark = _WITHOUT_MARK.get(encoding, (encoding, 0))
                at = len(text[: text.index("\0")].encode(bare)) + (0 if read else mark)
                raise UnicodeDecodeError(encoding, chunk, at, at + 1, "NUL")
        except UnicodeDecodeError as error:
            error.start += read - pending
            raise
        yield text
        read += len(chunk)


def _first_error(stream: IO[bytes], encoding: str) -> int | None:
    try:
        for _ in _decoded(stream, encoding):
            pass
    except UnicodeDecodeError as error:
        return error.start
    return None


def _search(stream: IO[bytes], pattern: re.Pattern[bytes]) -> int | None:
    """Find a pattern of at most four bytes."""
    read, before = 0, b""
    for chunk in _chunks(stream):
        if found := pattern.search(before + chunk):
            return read - len(before) + found.start()
        read, before = read + len(chunk), (before + chunk)[-3:]
    return None


def _marked(start: bytes) -> str | None:
    return next((name for mark, name in _BYTE_ORDER_MARKS.items() if start.startswith(mark)), None)


def _unmarked_utf_16(start: bytes) -> str | None:
    """Tell UTF-16 by its ASCII characters, each beside a zero byte."""
    pairs = list(zip(start[::2], start[1::2], strict=False))
    little = sum(0 < first < 128 and second == 0 for first, second in pairs)
    big = sum(first == 0 and 0 < second < 128 for first, second in pairs)
    if max(little, big) * 20 < len(pairs) or max(little, big) <= 4 * min(little, big):
        return None
    return "utf-16-le" if little > big else "utf-16-be"


def _is_korean(stream: IO[bytes]) -> bool:
    """Tell whether text that CP949 can decode is Korean: mostly common syllables, in words of their own.

    Accented capitals of Windows-1252 decode as rare syllables, or as single ones amid Latin letters.
    """
    letters: Counter[str] = Counter()
    wide = 0
    for text in _decoded(stream, "cp949"):
        amid_latin = _AMID_LATIN.findall(text)
        letters.update(text)
        letters.subtract(amid_latin)
        wide += len(amid_latin)
    common = sum(count for letter, count in letters.items() if _is_common_syllable(letter))
    wide += sum(count for letter, count in letters.items() if letter.isalpha() and not letter.isascii())
    return common > 0.8 * wide


def _is_common_syllable(letter: str) -> bool:
    # EUC-KR spells the other syllables out, in eight bytes.
    return "가" <= letter <= "힣" and len(letter.encode("euc_kr")) == 2


def _is_nearly_utf_8(stream: IO[bytes]) -> bool:
    high, within = 0, 0
    for chunk in _chunks(stream):
        high += len(chunk.translate(None, _ASCII))
        within += sum(map(len, _UTF_8_SEQUENCE.findall(chunk)))
    return 2 * within > high
