"""Reading training data: what is accepted, and how errors name line and column."""

import contextlib
import datetime as dt
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from training.dataset import Dataset, read_csv
from training.terminal import DataError

HEADER = "date,store,sales,promo,holiday\n"
ROWS = "2015-07-30,2,5263,1,0\n2015-07-30,1,0,1,1\n2015-07-29,1,17.5,0,0\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file that the test writes."""
    return tmp_path / "sales.csv"


def read(path: Path, content: str | bytes) -> Dataset:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_csv(path)


def message(path: Path, content: str | bytes) -> str:
    with pytest.raises(DataError) as raised:
        read(path, content)
    return str(raised.value)


@pytest.mark.parametrize(
    "content",
    [
        HEADER + ROWS,
        (HEADER + ROWS).rstrip("\n"),
        ("\ufeff" + HEADER + ROWS).encode(),
        (HEADER + ROWS).replace("\n", "\r\n"),
        (HEADER + ROWS).replace("\n", "\n\n"),
        (HEADER + ROWS).replace(",", " , "),
        HEADER.replace("date,", "note,date,") + "".join(f"ä;x,{row}\n" for row in ROWS.split()),
        HEADER + ROWS.replace("2015-07-29", '"2015-07-29"'),
        HEADER + "2015-07-30,2.0,5263.0,True,False\n2015-07-30,1.0,0.0,True,True\n2015-07-29,1.0,17.5,False,False\n",
        HEADER + "2015-07-30,2,5263,1.0,0.0\n2015-07-30,1,0,1.0,1.0\n2015-07-29,1,17.5,0.0,0.0\n",
        HEADER + ROWS.replace("-30,", "-30 00:00:00,").replace("-29,", "-29T00:00:00,"),
        HEADER + ROWS.replace("-30,", "-30 00:00:00+00:00,").replace("-29,", "-29T00:00:00.000000000Z,"),
    ],
)
def test_rows_are_read_and_sorted(path: Path, content: str | bytes) -> None:
    data = read(path, content)
    assert data.dates.tolist() == [dt.date(2015, 7, 29), dt.date(2015, 7, 30), dt.date(2015, 7, 30)]
    assert data.stores.tolist() == [1, 1, 2]
    assert data.sales.tolist() == [17.5, 0, 5263]
    assert data.promos.tolist() == [0, 1, 1]
    assert data.holidays.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("2015-07-30,abc,1,0,0", "line 5, column 'store': 'abc' is not an integer from 1 to 2147483647"),
        ("2015-07-30,0,1,0,0", "line 5, column 'store': '0' is not"),
        ("2015-07-30,1.5,1,0,0", "line 5, column 'store': '1.5' is not"),
        ("2015-07-30,nan,1,0,0", "line 5, column 'store': 'nan' is not"),
        ("2015-07-30,99999999999,1,0,0", "line 5, column 'store': '99999999999' is not"),
        ("2015-02-29,1,1,0,0", "line 5, column 'date': '2015-02-29' is not a date YYYY-MM-DD"),
        ("30.07.2015,1,1,0,0", "line 5, column 'date': '30.07.2015' is not"),
        (",1,1,0,0", "line 5, column 'date': '' is not"),
        ("2015-07-30,1,-1,0,0", "line 5, column 'sales': '-1' is not 0 or a number from 1e-30 to 1e+30"),
        ("2015-07-30,1,1e31,0,0", "line 5, column 'sales': '1e31' is not 0 or"),
        ("2015-07-30,1,1e300,0,0", "line 5, column 'sales': '1e300' is not 0 or"),
        ("2015-07-30,1,1e-300,0,0", "line 5, column 'sales': '1e-300' is not 0 or"),
        ("2015-07-30,1,nan,0,0", "line 5, column 'sales': 'nan' is not"),
        ("2015-07-30,1,1e999,0,0", "line 5, column 'sales': '1e999' is not"),
        ("2015-07-30,1,1_0,0,0", "line 5, column 'sales': '1_0' is not"),
        ('2015-07-30,1,"5,263",0,0', "line 5, column 'sales': '5,263' is not"),
        ("2015-07-30,1,1,2,0", "line 5, column 'promo': '2' is not 0 or 1"),
        ("2015-07-30,1,1,0,yes", "line 5, column 'holiday': 'yes' is not 0 or 1"),
        ("2015-07-30,1,1,0,", "line 5, column 'holiday': '' is not 0 or 1"),
        ("2015-07-30 12:00:00,1,1,0,0", "line 5, column 'date': '2015-07-30 12:00:00' is not a date YYYY-MM-DD"),
        ("2015-07-30T00:00:00+02:00,1,1,0,0", "line 5, column 'date': '2015-07-30T00:00:00+02:00' is not a date"),
        ("2015-07-30,1,1,0", "line 5, column 'holiday': 4 fields, but the header has 5"),
        ("2015-07-30,1,1,0,0,0", "line 5, column 6: 6 fields, but the header has 5"),
        ("2015-07-29,1,1,0,0", "line 5, columns 'date' and 'store': 2015-07-29, 1 was already given on line 4"),
        ('2015-07-31,"1"x,1,0,0', "line 5, column unknown: not well-formed CSV"),
        (f"2015-07-30,{'9' * 200},1,0,0", "column 'store': '9999999999999999999999999999999999999...' is not"),
    ],
)
def test_a_wrong_row_is_named_by_line_and_column(path: Path, row: str, expected: str) -> None:
    text = message(path, HEADER + ROWS + row + "\n")
    assert f"{path}: 1 error\n  " in text
    assert expected in text


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "the file is empty"),
        ("\ufeff\n", "the file is empty"),
        (HEADER, "no rows below the header"),
        (HEADER.replace(",promo", ""), "line 1: missing column 'promo'; found 'date', 'store', 'sales', 'holiday'"),
        (HEADER.upper() + ROWS, "line 1: missing column 'date', 'store', 'sales', 'promo', 'holiday'"),
        (HEADER.replace("promo", "store") + ROWS, "missing column 'promo'"),
        (HEADER.replace("date,", "date,date,") + ROWS, "line 1: column 'date' is given more than once"),
        (HEADER.replace(",", ";") + ROWS.replace(",", ";"), "line 1: columns are separated by semicolons; use commas"),
        (HEADER.replace(",", "\t") + ROWS.replace(",", "\t"), "line 1: columns are separated by tabs"),
        ((HEADER + ROWS).encode("utf-16"), "the file is UTF-16; save it as UTF-8"),
        ((HEADER + "2015-07-30,1,1,0,ä\n").encode("latin-1"), "line 2, byte 18: 0xe4 is not UTF-8"),
    ],
)
def test_a_wrong_file_is_explained(path: Path, content: str | bytes, expected: str) -> None:
    assert expected in message(path, content)


def test_a_missing_file_is_explained(path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read_csv(path)


def test_every_wrong_column_of_a_line_is_listed(path: Path) -> None:
    text = message(path, HEADER + "x,x,x,x,x\n")
    assert [f"line 2, column '{name}'" in text for name in ("date", "store", "sales", "promo", "holiday")] == [True] * 5


def test_many_errors_are_summed_up_by_kind_with_the_first_line_of_each(path: Path) -> None:
    text = message(path, HEADER + "2015-07-30,1,x,0,0\n" * 25 + "2015-07-30,y,2,3,0\n" + "2015-07-30,z,2,0,0\n")
    assert text.splitlines() == [
        f"{path}: 28 errors",
        "  line 2, column 'sales': 'x' is not 0 or a number from 1e-30 to 1e+30, and 24 more like it",
        "  line 27, column 'store': 'y' is not an integer from 1 to 2147483647, and 1 more like it",
        "  line 27, column 'promo': '3' is not 0 or 1",
    ]


def test_twenty_errors_are_listed_one_by_one(path: Path) -> None:
    text = message(path, HEADER + "2015-07-30,1,x,0,0\n" * 20)
    assert "20 errors" in text
    assert text.count("column 'sales'") == 20


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=200)
    | st.text(alphabet='0125-,"\n\r;abc', max_size=80).map(lambda text: (HEADER + text).encode())
)
def test_any_content_gives_data_or_a_data_error(path: Path, content: bytes) -> None:
    with contextlib.suppress(DataError):
        assert len(read(path, content)) > 0
