"""Makes files of every form, in every dialect and with every kind of dirt, and says what was written."""

import csv
import gzip
import io
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import assume
from hypothesis import strategies as st

from palette.core.forms import Column, SourceTable, forms

TABLES = [table for form in forms().values() for table in form.tables.values()]

ANY = object()  # a value that may be read as anything
MISSING = {"", "null", "nan", "none", "n/a", "#n/a", "<na>", r"\n"}
WESTERN = "abcdeABCDE019 .-_/#'%&é£ÄßñÇ"
KOREAN = "가나다라마바사아자차카고객상품이름서울ab 1"
ANYTHING = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
NASTY = [
    '"',
    '""',
    '"a',
    'a"b',
    "a,b;c|d\te",
    "a\nb",
    "a\r\nb",
    "\n",
    " a ",
    "NULL",
    "NaN",
    "N/A",
    "NA",
    "=1+1",
    "'",
    "\\",
]
ODD_HEADERS = [
    "",
    " ",
    "SELECT",
    'a"b',
    "a b;c",
    "naïve",
    "열",
    "2024",
    "file_row_number",
    "filename",
    "_0",
    "x" * 300,
]
BROKEN = {
    "decimal": ["free", "1.2.3,4", "1e30", "9" * 40, "--1", "0x10", "1_000"],
    "integer": ["six", "0.5e0x", "1e30", "9" * 40, "--1", "1_000"],
    "timestamp": ["yesterday", "2025-02-30", "0001-01-01", "9999-99-99", "2025-01-01 25:00"],
    "date": ["yesterday", "2025-02-30", "0001-01-01", "99999999"],
    "time_of_day": ["noon", "25:00", "12:60"],
    "channel": ["elsewhere"],
    "flag": ["perhaps"],
}


@dataclass(frozen=True)
class Writing:
    """How a file's values and the file are written."""

    order: str
    mark: str
    thousands: str
    ending: str
    delimiter: str = ","
    quoting: int = csv.QUOTE_MINIMAL
    line_end: str = "\n"
    encoding: str = "utf-8"


@dataclass
class Made:
    """A file: what it is called, how it is declared, and the truth about it.

    Attributes
    ----------
    rows
        The typed values of each row under our names, `ANY` where one may be read as anything.
    must_land, must_fail
        Whether it has to be read, or refused; neither: as palette likes, without another value.
    fault
        Row, as messages count it, and header of the only bad value.
    """

    name: str
    content: bytes
    table: SourceTable
    declared: dict[str, Any]
    rows: list[dict[str, Any]]
    must_land: bool = False
    must_fail: bool = False
    fault: tuple[int, str] | None = None
    dirt: str = field(default="none")


def is_blank(character: str) -> bool:
    return character in "\t\n\f\r \ufeff" or unicodedata.category(character).startswith("Z")


def stripped(text: str) -> str:
    ends = [at for at, character in enumerate(text) if not is_blank(character)]
    return text[ends[0] : ends[-1] + 1] if ends else ""


def text_truth(text: str) -> str | None:
    return None if stripped(text).lower() in MISSING else text


def identifier_truth(text: str) -> str | None:
    kept = text_truth(text)
    return None if kept is None else re.sub(r"\A([0-9]+)\.0+\Z", r"\1", stripped(kept))


def gender_truth(text: str) -> Any:
    return ANY if text_truth(text) is not None else None


@st.composite
def numbers(draw: st.DrawFn, writing: Writing, places: int) -> tuple[str, Any]:
    value = draw(st.decimals(-(10**6), 10**6, places=places))
    grouped = writing.thousands if writing.thousands and draw(st.booleans()) else ""
    text = f"{abs(value):,.{places}f}".replace(",", "@").replace(".", writing.mark).replace("@", grouped)
    sign = "-" if value < 0 else draw(st.sampled_from(["", "", "+"]))
    text = draw(st.sampled_from([f"{sign}{text}", f" {sign}{text} ", f"{sign}{text}", f"{text}{sign}"]))
    if draw(st.integers(0, 9)) == 0:
        text = f"{draw(st.sampled_from(['EUR ', '$', '₩' if 'utf' in writing.encoding else '$']))}{text}"
    return text, value.quantize(Decimal("0.0001"), ROUND_HALF_UP)


@st.composite
def moments(draw: st.DrawFn, writing: Writing, with_time: bool) -> tuple[str, datetime]:
    moment = draw(st.datetimes(datetime(1971, 1, 1), datetime(2067, 12, 31)))
    mark = draw(st.sampled_from("-/."))
    day_month = ("%d", "%m") if writing.order == "day_first" else ("%m", "%d")
    days = ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d %b %Y", mark.join([*day_month, "%Y"])]
    days.append(mark.join([*day_month, "%y"]))
    day = draw(st.sampled_from(days))
    if not with_time or draw(st.booleans()):
        return moment.strftime(day), datetime.combine(moment.date(), time())
    clock = draw(st.sampled_from(["%H:%M", "%H:%M:%S", "%I:%M %p"]))
    if day == "%Y%m%d":
        day = "%Y-%m-%d"
    seconds = moment.second if "%S" in clock else 0
    return moment.strftime(f"{day} {clock}"), moment.replace(second=seconds, microsecond=0)


@st.composite
def values(draw: st.DrawFn, kind: str, writing: Writing) -> tuple[str, Any]:
    """One value of a kind: as written, and what it is."""
    letters = KOREAN if writing.encoding == "cp949" else WESTERN
    plain = st.one_of(st.text(letters, min_size=1, max_size=12), st.sampled_from(NASTY))
    texts = plain if "utf" not in writing.encoding else st.one_of(plain, ANYTHING)
    match kind:
        case "text":
            text = draw(texts)
            return text, text_truth(text)
        case "identifier":
            text = draw(st.one_of(texts, st.from_regex(r"\A0{0,2}[1-9][0-9]{0,14}(\.0)?\Z"), st.just("007")))
            return text, identifier_truth(text)
        case "gender":
            text = draw(texts)
            return draw(st.sampled_from([("F", "F"), ("male", "M"), (text, gender_truth(text))]))
        case "timestamp" | "date":
            return draw(moments(writing, kind == "timestamp"))
        case "time_of_day":
            moment = draw(st.times())
            shape = draw(st.sampled_from(["%H:%M", "%H:%M:%S", "%I:%M %p"]))
            return moment.strftime(shape), moment.strftime("%H:%M")
        case "integer":
            text, value = draw(numbers(writing, 0))
            return text, int(value)
        case "decimal":
            return draw(numbers(writing, draw(st.integers(0, 6))))
        case "channel":
            return draw(
                st.sampled_from([("online", "online"), ("STORE", "offline"), (" Web Shop ", "online")])
            )
        case _:
            return draw(st.sampled_from([("yes", True), ("0", False), ("Nein", False), ("TRUE", True)]))


@st.composite
def writings(draw: st.DrawFn) -> Writing:
    mark = draw(st.sampled_from(".,"))
    ending = draw(
        st.sampled_from(["csv", "csv", "csv", "csv.gz", "tsv", "txt", "parquet", "parquet", "xlsx"])
    )
    is_text = ending not in ("parquet", "xlsx")
    encodings = ["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "cp949"]
    return Writing(
        order=draw(st.sampled_from(["day_first", "month_first"])),
        mark=mark,
        thousands=draw(st.sampled_from(["", "," if mark == "." else ".", "'", " "])),
        ending=ending,
        delimiter="\t" if ending == "tsv" else draw(st.sampled_from(",;\t|")),
        quoting=draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])),
        line_end=draw(st.sampled_from(["\n", "\n", "\r\n", "\r"])),
        encoding=draw(st.sampled_from(encodings)) if is_text else "utf-8",
    )


@st.composite
def chosen_columns(draw: st.DrawFn, table: SourceTable) -> list[Column]:
    """Columns that a file may have: what is required, one of each group, and some others, in any order."""
    wanted = {column.name for column in table.columns if column.is_required}
    wanted |= {draw(st.sampled_from(group)) for group in table.one_of}
    optional = [column.name for column in table.columns if column.name not in wanted | {"currency"}]
    wanted |= set(draw(st.lists(st.sampled_from(optional), unique=True))) if optional else set()
    columns = [column for column in table.columns if column.name in wanted]
    return draw(st.permutations(columns))


def is_purchases(table: SourceTable) -> bool:
    return table is forms()[table.form].purchases


def is_missing(row: dict[str, Any], columns: list[Column]) -> bool:
    return any(row[column.name] is None and not column.may_be_empty for column in columns)


@st.composite
def made_files(draw: st.DrawFn, purchases_alone: bool = False) -> Made:
    """A file of any table, or of purchases, with at most one kind of dirt."""
    table = draw(st.sampled_from([each for each in TABLES if not purchases_alone or is_purchases(each)]))
    writing = draw(writings())
    columns = draw(chosen_columns(table))
    further = draw(st.one_of(st.just([]), st.lists(st.sampled_from(ODD_HEADERS), max_size=2)))
    headers = [draw(st.sampled_from([*column.names, column.name.upper()])) for column in columns]
    count = draw(st.integers(1, 5))
    cells: list[list[str]] = []
    rows: list[dict[str, Any]] = []
    is_workbook = writing.ending == "xlsx"  # whose rows are numbered as a spreadsheet shows them
    for _ in range(count):
        row = [draw(values(column.kind, writing)) for column in columns]
        for at, column in enumerate(columns):
            if column.may_be_empty and draw(st.integers(0, 5)) == 0:
                row[at] = (draw(st.sampled_from(["", " ", "NULL", "n/a"])), None)
            elif row[at][1] is None and not column.may_be_empty and draw(st.integers(0, 9)):
                row[at] = ("x1", "x1")
        cells.append([text for text, _ in row] + [draw(st.sampled_from(["", "x", "1"])) for _ in further])
        rows.append({column.name: truth for column, (_, truth) in zip(columns, row, strict=True)})
    stem = table.patterns[0].removesuffix(".csv").replace("*", "") or "data"
    made = Made(f"{stem}.{writing.ending}", b"", table, {"form": table.form}, rows)
    # What a form assumes has to be declared where files are written otherwise.
    empty = any(is_missing(row, columns) for row in rows)
    is_declared = "date_order" in forms()[table.form].defaults or draw(st.booleans())
    made.declared |= {"date_order": writing.order, "decimal_mark": writing.mark} if is_declared else {}
    if "utf-16-" in writing.encoding or writing.encoding.startswith("cp"):
        made.declared["csv"] = {"encoding": writing.encoding}
    made.dirt = draw(
        st.sampled_from(
            ["none"] * 4 + ["value", "junk", *(() if writing.ending in ("parquet", "xlsx") else TEXT_DIRT)]
        )
    )
    if made.dirt == "value":
        at, column = draw(st.sampled_from(list(enumerate(columns))))
        assume(column.kind in BROKEN)
        where = draw(st.integers(0, count - 1))
        cells[where][at] = draw(st.sampled_from(BROKEN[column.kind]))
        made.must_fail = True
        made.fault = None if empty or not is_declared else (where + 1 + is_workbook, headers[at])
    elif made.dirt == "junk":
        at, where = draw(st.integers(0, len(columns) - 1)), draw(st.integers(0, count - 1))
        cells[where][at] = draw(
            st.text(st.characters(codec="ascii", exclude_characters="\0\x1a"), max_size=8)
        )
        assume(any(str(cell).strip() for cell in cells[where]))  # else it is no row
        rows[where][columns[at].name] = ANY
        empty = any(is_missing(row, columns) for row in rows)
    made.must_fail |= empty
    made.must_land = made.dirt == "none" and not empty and is_declared and not further
    all_headers = [*headers, *further]
    if writing.ending == "parquet":
        made.content = as_parquet(draw, all_headers, cells)
    elif writing.ending == "xlsx":
        made.content = as_workbook(all_headers, cells)
    else:
        made.content = as_text(draw, made, writing, [all_headers, *cells])
    return made


def as_parquet(draw: st.DrawFn, headers: list[str], cells: list[list[str]]) -> bytes:
    arrays = []
    for column in zip(*cells, strict=True):
        kind = draw(
            st.sampled_from(
                [pa.string(), pa.large_string(), pa.binary(), pa.dictionary(pa.int8(), pa.string())]
            )
        )
        text = pa.array(column)
        arrays.append(text.dictionary_encode() if pa.types.is_dictionary(kind) else text.cast(kind))
    out = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, names=headers), out)
    return out.getvalue()


def as_workbook(headers: list[str], cells: list[list[str]]) -> bytes:
    # A workbook's own format keeps neither control characters nor the difference between line ends.
    assume(
        not any(
            re.search(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_", cell)
            for row in cells
            for cell in row
        )
    )
    assume("" not in headers or headers.count("") < 2)
    book = openpyxl.Workbook()
    for at, row in enumerate([headers, *cells], start=1):
        for place, text in enumerate(row, start=1):
            cell = book.active.cell(at, place)
            cell.value = text
            if text:
                cell.data_type = "s"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def more_fields(draw: st.DrawFn, lines: list[list[str]]) -> None:
    lines[draw(st.integers(1, len(lines) - 1))].append(draw(st.sampled_from(["", "x"])))


def fewer_fields(draw: st.DrawFn, lines: list[list[str]]) -> None:
    lines[draw(st.integers(1, len(lines) - 1))].pop()


# What makes a text file one to be refused; then what leaves it readable or not, with the same values.
WRONG_FIELDS: dict[str, Callable[[st.DrawFn, list[list[str]]], None]] = {
    "a field more": more_fields,
    "a field less": fewer_fields,
}
WRONG_TEXT = ("open quote", "NUL")
DOUBTFUL = ("two marks", "blank lines before", "blank lines after", "mixed line ends")
BYTES = ("cut", "random bytes")
TEXT_DIRT = (*WRONG_FIELDS, *WRONG_TEXT, *DOUBTFUL, *BYTES)


def as_text(draw: st.DrawFn, made: Made, writing: Writing, lines: list[list[str]]) -> bytes:
    if made.dirt in WRONG_FIELDS:
        assume(len(lines[0]) > 1)  # a single column has no delimiter to tell a field by
        WRONG_FIELDS[made.dirt](draw, lines)
        made.must_fail = True
    out = io.StringIO()
    # Python's writer quotes a line end only where it is the rows' own.
    broken = any("\n" in cell or "\r" in cell for line in lines for cell in line)
    quoting = csv.QUOTE_ALL if broken else writing.quoting
    csv.writer(out, delimiter=writing.delimiter, quoting=quoting, lineterminator=writing.line_end).writerows(
        lines
    )
    text = out.getvalue()
    end = writing.line_end
    match made.dirt:
        case "open quote":
            text += writing.delimiter.join(['"', *lines[-1][1:]]).replace('"', "")
            text = text + f'{end}"a'
            made.must_fail = True
        case "NUL":
            text = text + "\0"
            made.must_fail = "csv" not in made.declared
        case "two marks":
            text = "\ufeff\ufeff" + text
        case "blank lines before":
            text = f"{end}{end}" + text
        case "blank lines after":
            text += f"{end}{end}"
        case "mixed line ends":
            other = "\n" if end != "\n" else "\r\n"
            text = text.removesuffix(end) + other
        case _:
            pass
    try:
        content = text.encode(writing.encoding)
    except UnicodeEncodeError:
        assume(False)
    if made.dirt == "cut":
        content = content[: draw(st.integers(0, len(content)))]
    elif made.dirt == "random bytes":
        at = draw(st.integers(0, len(content)))
        content = content[:at] + draw(st.binary(min_size=1, max_size=8)) + content[at:]
    if made.dirt in BYTES:
        for row in made.rows:
            row.update(dict.fromkeys(row, ANY))
        made.must_fail = False
    return gzip.compress(content) if writing.ending.endswith(".gz") else content
