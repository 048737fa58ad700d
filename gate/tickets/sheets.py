"""Tables as offices keep them: CSV in UTF-8, UTF-16 or GB 18030 (GBK), or the first sheet of an Excel workbook."""

import codecs
import csv
import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from gate.errors import TicketError


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number in the file, as a person counts, and its cells as text by field name."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RowFault:
    """A row that could not be taken: row number, column as written in the file, what was expected."""

    row: int
    column: str
    reason: str

    def __str__(self) -> str:
        return f"row {self.row}, {self.column}: {self.reason}" if self.column else f"row {self.row}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: columns maps a field name to the heading it stands under in this file."""

    columns: Mapping[str, str]
    rows: tuple[Row, ...]


def read_sheet(path: Path, headings: Mapping[str, tuple[str, ...]], required: tuple[str, ...]) -> Sheet:
    """A table whose columns are found by heading, in any order and language listed; other columns are passed over.

    Raises TicketError when the file cannot be read or a required column is missing.
    """
    cells = _excel(path) if path.suffix.lower() in (".xlsx", ".xlsm") else _csv(path)
    table = ((n, row) for n, row in enumerate(cells, 1) if any(c.strip() for c in row))
    _, head = next(table, (0, []))
    names = {_fold(h): field for field, known in headings.items() for h in (field, *known)}
    fields = [names.get(_fold(h)) for h in head]
    missing = [f for f in required if f not in fields]
    if missing:
        wanted = "; ".join(f"{f} ({', '.join(headings[f])})" for f in missing)
        raise TicketError(f"{path}: missing columns: {wanted}; the first row has: {', '.join(head) or 'nothing'}")
    rows = [Row(n, {f: c.strip() for f, c in zip(fields, row, strict=False) if f}) for n, row in table]
    return Sheet({f: h for f, h in zip(fields, head, strict=True) if f}, tuple(rows))


def _fold(heading: str) -> str:
    return "".join(heading.lower().split()).replace("_", "").replace("（", "(").replace("）", ")")


def _csv(path: Path) -> Iterator[list[str]]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TicketError(f"{path}: {error.strerror}") from error
    marked = data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # as Excel saves "Unicode text"
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        break
    else:
        raise TicketError(f"{path}: neither UTF-8, UTF-16 nor GBK text")
    if "\0" in text:
        raise TicketError(f"{path}: not a text file; expected CSV in UTF-8 or GBK, or .xlsx")
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise TicketError(f"{path}: {error}") from error


def _excel(path: Path) -> Iterator[list[str]]:
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (OSError, InvalidFileException, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise TicketError(f"{path}: cannot be read as an Excel workbook: {error}") from error
    try:
        for row in book.worksheets[0].iter_rows():
            yield [_text(cell.value, str(cell.number_format)) for cell in row]
    finally:
        book.close()


def _text(value: object, shown_as: str) -> str:
    """A cell as a person reads it. shown_as: its number format; Excel keeps a date alone as its midnight."""
    if value is None:
        return ""
    if isinstance(value, datetime) and value.time() == time.min and "h" not in shown_as.lower():
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)
