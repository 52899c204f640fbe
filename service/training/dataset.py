"""Reads training data strictly: a CSV file with the columns date, store, sales, promo, holiday."""

import csv
import datetime as dt
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.terminal import DataError

COLUMNS = ("date", "store", "sales", "promo", "holiday")
FLAGS = {
    "0": 0,
    "1": 1,
    "0.0": 0,
    "1.0": 1,
    "false": 0,
    "true": 1,
}  # pandas and spreadsheets write the last four
MAX_LISTED = 20
MAX_STORE = 2**31 - 1
MIN_SALES, MAX_SALES = 1e-30, 1e30
"""The model computes in float32 (1.2e-38 to 3.4e38), and predictions can exceed the range of the training data."""


@dataclass(frozen=True)
class Dataset:
    """Days of sales as columns of equal length n, sorted by date, then store.

    Attributes:
        dates: shape (n,), days.
        stores: shape (n,), store numbers >= 1.
        sales: shape (n,), sales of the day; 0 on a closed day.
        promos: shape (n,), 0 or 1.
        holidays: shape (n,), 0 or 1.
    """

    dates: NDArray[np.datetime64]
    stores: NDArray[np.int64]
    sales: NDArray[np.float64]
    promos: NDArray[np.int64]
    holidays: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.dates)

    def where(self, mask: NDArray[np.bool_]) -> "Dataset":
        """Return the rows for which the mask, shape (n,), is true."""
        return Dataset(self.dates[mask], self.stores[mask], self.sales[mask], self.promos[mask], self.holidays[mask])


Row = tuple[dt.date, int, float, int, int]


class Wrong(NamedTuple):
    """An error on a line: its kind, and a text that names the line."""

    kind: str
    text: str


def read_csv(path: Path) -> Dataset:
    """Read and check a CSV file.

    Raises:
        DataError: the file is unreadable or contains errors. Up to 20 errors are listed with line and column; beyond
            that, the first of each kind and the number of similar ones.
    """
    rows: list[Row] = []
    errors: list[Wrong] = []
    seen: dict[tuple[dt.date, int], int] = {}
    for line, fields in _records(path, _text(path)):
        if isinstance(fields, str):
            errors.append(Wrong("record", f"line {line}, {fields}"))
            continue
        row = _row(line, fields, errors)
        if row is None:
            continue
        first = seen.setdefault((row[0], row[1]), line)
        if first == line:
            rows.append(row)
        else:
            text = f"line {line}, columns 'date' and 'store': {row[0]}, {row[1]} was already given on line {first}"
            errors.append(Wrong("twice", text))
    if errors:
        raise DataError(_listed(path, errors))
    if not rows:
        raise DataError(f"{path}: no rows below the header")
    return _dataset(sorted(rows))


def _dataset(rows: list[Row]) -> Dataset:
    dates, stores, sales, promos, holidays = zip(*rows, strict=True)
    return Dataset(
        np.array(dates, dtype="datetime64[D]"),
        np.array(stores, dtype=np.int64),
        np.array(sales, dtype=np.float64),
        np.array(promos, dtype=np.int64),
        np.array(holidays, dtype=np.int64),
    )


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(f"{path}: the file is UTF-16; save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        raise DataError(
            f"{path}: line {line}, byte {column}: 0x{content[error.start]:02x} is not UTF-8; save the file as UTF-8"
        ) from error
    if not text.strip():
        raise DataError(f"{path}: the file is empty; expected a header with the columns {','.join(COLUMNS)}")
    return text


def _records(path: Path, text: str) -> Iterator[tuple[int, dict[str, str] | str]]:
    """Yield (line number, fields by column name), or (line number, error text)."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader)]
        _check_header(path, header)
        for record in reader:
            if not any(field.strip() for field in record) and len(record) <= 1:
                continue
            if len(record) == len(header):
                yield reader.line_num, dict(zip(header, record, strict=True))
            else:
                column = f"'{header[len(record)]}'" if len(record) < len(header) else str(len(header) + 1)
                yield reader.line_num, f"column {column}: {len(record)} fields, but the header has {len(header)}"
    except csv.Error as error:
        yield reader.line_num, f"column unknown: not well-formed CSV: {error}"


def _check_header(path: Path, header: list[str]) -> None:
    expected = ",".join(COLUMNS)
    for separator, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if len(header) == 1 and separator in header[0]:
            raise DataError(f"{path}: line 1: columns are separated by {name}; use commas: {expected}")
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise DataError(
            f"{path}: line 1: missing column {_names(missing)}; found {_names(header)}; expected {expected}"
        )
    twice = sorted({name for name in COLUMNS if header.count(name) > 1})
    if twice:
        raise DataError(f"{path}: line 1: column {_names(twice)} is given more than once")


def _names(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _row(line: int, fields: dict[str, str], errors: list[Wrong]) -> Row | None:
    def parsed[T](column: str, parse: Callable[[str], T | None], expected: str) -> T | None:
        text = fields[column].strip()
        value = parse(text)
        if value is None:
            errors.append(Wrong(column, f"line {line}, column '{column}': {_shown(text)} is not {expected}"))
        return value

    date = parsed("date", _date, "a date YYYY-MM-DD")
    store = parsed("store", _store, f"an integer from 1 to {MAX_STORE}")
    sales = parsed("sales", _sales, f"0 or a number from {MIN_SALES:.0e} to {MAX_SALES:.0e}")
    promo = parsed("promo", _flag, "0 or 1")
    holiday = parsed("holiday", _flag, "0 or 1")
    if date is None or store is None or sales is None or promo is None or holiday is None:
        return None
    return date, store, sales, promo, holiday


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")


def _date(text: str) -> dt.date | None:
    """Parse a day; also accepts its midnight, as pandas writes it."""
    found = re.fullmatch(r"([0-9]{4}-[0-9]{2}-[0-9]{2})([T ]00:00(:00(\.0+)?)?(Z|\+00:00)?)?", text)
    if found is None:
        return None
    try:
        return dt.date.fromisoformat(found[1])
    except ValueError:
        return None


def _store(text: str) -> int | None:
    """Parse a store number; also accepts `2.0`, which pandas writes if the column ever had a missing value."""
    found = re.fullmatch(r"([0-9]{1,10})(\.0+)?", text)
    return int(found[1]) if found and 1 <= int(found[1]) <= MAX_STORE else None


def _sales(text: str) -> float | None:
    if not re.fullmatch(r"[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?", text):
        return None
    value = float(text)
    return value if value == 0 or MIN_SALES <= value <= MAX_SALES else None


def _flag(text: str) -> int | None:
    return FLAGS.get(text.lower())


def _listed(path: Path, errors: list[Wrong]) -> str:
    head = f"{path}: {len(errors)} {'error' if len(errors) == 1 else 'errors'}"
    if len(errors) <= MAX_LISTED:
        return "\n  ".join([head, *(error.text for error in errors)])
    counts = Counter(error.kind for error in errors)
    firsts = {error.kind: error.text for error in reversed(errors)}
    return "\n  ".join([head, *(_summed_up(firsts[kind], count) for kind, count in counts.items())])


def _summed_up(first: str, count: int) -> str:
    return first if count == 1 else f"{first}, and {count - 1:,} more like it"
