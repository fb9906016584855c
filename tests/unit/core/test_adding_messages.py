import io
import os
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from palette.core.adding import add
from palette.core.errors import InputError
from palette.core.planning import table_of


def said(folder: Path, text: str, **settings: str) -> str:
    """Return what is said when a file cannot be added without further settings."""
    file = folder / "sales.csv"
    file.write_text(text)
    with pytest.raises(InputError) as found:
        add("shop", [file], folder / "shops", settings=settings)
    assert not (folder / "shops").exists()
    return str(found.value)


def test_a_date_of_two_readings_names_both_flags(tmp_path):
    message = said(tmp_path, "order id,date,customer id,line total\nA1,01/02/2025,C1,2.50\n")
    assert message.endswith(
        "could have the day or the month first; --set date_order=day_first or --set date_order=month_first"
    )


def test_a_time_with_an_offset_names_the_flag_of_the_time_zone(tmp_path):
    message = said(
        tmp_path, "order id,ordered at,customer id,line total\nA1,2025-01-02 10:00:00 -0500,C1,2.50\n"
    )
    assert "--set time_zone=Europe/Berlin, or what the shop's is" in message
    assert "retailer.yml" not in message


def test_what_is_open_is_suggested_by_the_likeliest_column(tmp_path):
    lines = "".join(f"{at},2025-01-{at:02d},C{at},c{at}@x.org,{at % 3},2.50\n" for at in range(1, 20))
    message = said(tmp_path, f"order id,date,shelf,email,extra,line total\n{lines}")
    assert "customer_id (could be: email): --set customer_id=email" in message


def test_headers_of_an_unknown_language_name_the_flags_that_say_what_they_are(tmp_path):
    message = said(tmp_path, "Numero ordine,Data,Cliente,Importo\nA1,2025-01-02,C1,2.50\n")
    assert message.endswith(
        "--set customer_id=COLUMN --set ordered_at=COLUMN --set amount=COLUMN says which they are"
    )


def test_on_a_narrow_terminal_every_meaning_is_whole(tmp_path):
    (tmp_path / "sales.csv").write_text(
        "order id,date,time,customer id,line total\nA1,2025-01-02,10:00,C1,2.50\n"
    )
    plans = []
    add("shop", [tmp_path / "sales.csv"], tmp_path / "shops", settings={}, show=plans.append)
    out = io.StringIO()
    Console(file=out, width=80).print(table_of(*plans))
    for meaning in ("order_id", "ordered_on", "ordered_time", "customer_id", "amount"):
        assert f" order_lines.{meaning} " in out.getvalue()


@pytest.mark.slow
def test_few_of_many_columns_are_suggested(tmp_path):
    header = ",".join(f"extra {at}" for at in range(50))
    lines = "".join(f"{at},2025-01-{at:02d},2.50,{','.join(['7'] * 50)}\n" for at in range(1, 20))
    message = said(tmp_path, f"order id,date,line total,{header}\n{lines}")
    assert "(could be: extra 0, extra 1, extra 2, extra 3, extra 4, ...)" in message


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "sales.csv").mkdir()
    with pytest.raises(InputError, match=r"sales.csv: a folder, not a file"):
        add("shop", [tmp_path / "sales.csv"], tmp_path / "shops", settings={})


def test_sheets_that_are_alike_are_asked_about_once(tmp_path):
    book = openpyxl.Workbook()
    for sheet in (book.active, book.create_sheet("2025")):
        for row in (["Ref", "date", "email", "line total"], ["x-1", "2025-01-13", "c@x.org", 2.5]):
            sheet.append(row)
    file = tmp_path / "sales.xlsx"
    book.save(file)
    shown = []
    with pytest.raises(InputError) as found:
        add("shop", [file], tmp_path / "shops", settings={}, show=shown.append)
    assert str(found.value).count("--set customer_id=email") == 1
    assert len(shown[0].doubts) == len(set(shown[0].doubts)) > 0


LINES = "order id,date,customer id,line total\nA1,2025-01-31,C1,2.50\n"


def refused(file: Path, data: Path) -> str:
    with pytest.raises(InputError) as found:
        add("shop", [file], data, settings={})
    return str(found.value)


@pytest.mark.parametrize("below", ["", "deeper/still"])
def test_a_data_folder_that_is_a_file(tmp_path, below):
    file = tmp_path / "sales.csv"
    file.write_text(LINES)
    data = file / below
    assert refused(file, data) == f"{data / 'shop'}: cannot be written to: Not a directory"


def test_a_read_only_data_folder(tmp_path, monkeypatch):
    def forbidden(path, **_):
        raise PermissionError(13, "Permission denied", str(path))

    file = tmp_path / "sales.csv"
    file.write_text(LINES)
    monkeypatch.setattr(Path, "mkdir", forbidden)
    assert (
        refused(file, tmp_path / "data") == f"{tmp_path}/data/shop: cannot be written to: Permission denied"
    )


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.symlink_to(path.parent / "gone"), "a link to nothing, not a file"),
        (os.mkfifo, "a pipe or device, not a file"),
        (Path.absolute, "no such file"),
    ],
)
def test_what_is_no_file(tmp_path, make, said):
    file = tmp_path / "sales.csv"
    make(file)
    assert refused(file, tmp_path / "data") == f"{file}: {said}"


def test_a_name_that_is_not_utf_8(tmp_path):
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/sales\xe9.csv"))
    file.write_text(LINES)
    assert refused(file, tmp_path / "data").endswith("its name, or a folder's, is no UTF-8; rename it")


def test_columns_without_a_name_or_with_one_of_the_engines(tmp_path):
    file = tmp_path / "sales.parquet"
    names = ["order id", "date", "customer id", "line total", "", "file_row_number"]
    cells = ["A1", "2025-01-31", "C1", "2.50", "x", "7"]
    pq.write_table(pa.Table.from_arrays([pa.array([cell]) for cell in cells], names=names), file)
    _, landed = add("shop", [file], tmp_path / "data", settings={})
    assert landed["order_lines"].rows == 1
