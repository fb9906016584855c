import gzip
import io
from pathlib import Path

import pytest

from palette.core import encodings
from palette.core.encodings import EncodingError, encoding_of, utf8_copy

KOREAN = "고객번호,상품명\n1,즉석 갈비탕\n2,A4 복사용지 (500매)\n"
WESTERN = "Kunde,Artikel\n1,Ärmelschürze für 5 €\n"
TEXTS = [
    ("plain,ascii\n1,2\n", "utf-8", "utf-8"),
    (KOREAN, "utf-8", "utf-8"),
    (WESTERN, "utf-8", "utf-8"),
    ("😀,né\r\n", "utf-8", "utf-8"),
    (WESTERN, "utf-8-sig", "utf-8-sig"),
    (KOREAN, "utf-16", "utf-16"),
    (KOREAN, "utf-16-le", "utf-16-le"),
    (WESTERN, "utf-16-be", "utf-16-be"),
    ("가가가,가가가\n가가,각각\n", "utf-16-le", "utf-16-le"),
    (KOREAN, "cp949", "cp949"),
    (KOREAN, "euc-kr", "cp949"),
    ("id,이름\n1,똠방각하\n", "cp949", "cp949"),
    (WESTERN, "cp1252", "cp1252"),
    ("“quoted”\n", "cp1252", "cp1252"),
    ("£5 MUG, café, Größe\n", "latin-1", "latin-1"),
    ("Ärger\n", "cp1252", "latin-1"),  # its bytes are also CP949, of a syllable nobody writes
    ("LIQUIDAÇÃO\n", "cp1252", "latin-1"),  # these too, of a common one
]


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def problem(path: Path) -> str:
    with pytest.raises(EncodingError) as raised:
        encoding_of(path)
    return str(raised.value)


class TestEncodingOf:
    @pytest.mark.parametrize(("text", "written", "found"), TEXTS)
    @pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
    def test_it_is_told(self, tmp_path: Path, name: str, text: str, written: str, found: str) -> None:
        assert encoding_of(write(tmp_path / name, text.encode(written))) == found

    @pytest.mark.parametrize(("text", "written", "found"), TEXTS)
    def test_chunks_make_no_difference(
        self, monkeypatch: pytest.MonkeyPatch, text: str, written: str, found: str
    ) -> None:
        monkeypatch.setattr(encodings, "_CHUNK", 7)
        assert encoding_of(io.BytesIO((text * 3).encode(written))) == found

    def test_the_first_accent_may_come_late(self) -> None:
        assert encoding_of(io.BytesIO(b"x" * (1 << 20) + b"caf\xe9")) == "latin-1"
        assert encoding_of(io.BytesIO(b"x" * ((1 << 20) - 1) + "é".encode())) == "utf-8"

    def test_nothing_is_utf_8(self) -> None:
        assert encoding_of(io.BytesIO(b"")) == "utf-8"

    def test_a_stream_is_left_at_its_start(self) -> None:
        stream = io.BytesIO(WESTERN.encode("cp1252"))
        encoding_of(stream)
        assert stream.tell() == 0

    @pytest.mark.parametrize(
        ("content", "at"),
        [
            (b"abc\x81,", 3),  # no character of Windows-1252
            ("abc,Привет".encode("cp1251"), 4),
            ("名前,データ\n".encode("shift-jis"), 7),
            (b"PK\x03\x04\x14\x00\x06\x00" + bytes(range(128, 256)), 5),  # a workbook under another name
        ],
    )
    def test_what_is_none_of_them(self, tmp_path: Path, content: bytes, at: int) -> None:
        path = write(tmp_path / "a.csv", content)
        assert problem(path) == (
            f"{path}: byte {at} is neither UTF-8, UTF-16, CP949 (EUC-KR) nor Windows-1252 text; "
            "save the file as UTF-8"
        )

    @pytest.mark.parametrize("chunk", [3, 1 << 20])
    def test_a_broken_byte_amid_utf_8(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
    ) -> None:
        monkeypatch.setattr(encodings, "_CHUNK", chunk)
        content = "é".encode() * 10 + b"\xe9," + "é".encode() * 10
        path = write(tmp_path / "a.csv", content)
        assert problem(path) == (
            f"{path}: byte 20 is not UTF-8, as the rest of the file is; save the file as UTF-8"
        )

    def test_a_cut_utf_16(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.csv", "a,b\n".encode("utf-16") + b"c")
        assert "byte 10 is not UTF-16, as the file begins" in problem(path)


class TestUtf8Copy:
    @pytest.mark.parametrize(("text", "written", "found"), TEXTS)
    @pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
    def test_it_holds_the_same_text(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        name: str,
        text: str,
        written: str,
        found: str,
    ) -> None:
        monkeypatch.setattr(encodings, "_CHUNK", 7)
        utf8_copy(write(tmp_path / name, text.encode(written)), found, tmp_path / "out.csv")
        assert (tmp_path / "out.csv").read_bytes() == text.encode()

    @pytest.mark.parametrize("chunk", [1, 2, 3, 100])
    @pytest.mark.parametrize(("encoding", "at"), [("cp949", 4), ("utf-8", 0), ("cp1252", 4)])
    def test_a_byte_of_another_encoding_is_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, encoding: str, at: int
    ) -> None:
        monkeypatch.setattr(encodings, "_CHUNK", chunk)
        path = write(tmp_path / "a.csv", "가나".encode("cp949") + b"\x81\xff,")
        with pytest.raises(EncodingError, match=f"a.csv: byte {at} is not {encoding.upper()} text"):
            utf8_copy(path, encoding, tmp_path / "out.csv")
