from pathlib import Path

import openpyxl
import pytest

from gate.errors import TicketError
from gate.tickets.vehicles import VehicleRegister, load_vehicles

CHINESE = """车牌号,车型,车主,皮重,轴数,号牌颜色,允许货物
晋B·90210,自卸车,某运输队,15200,6,黄,原煤、精煤
晋B12345,油罐车,某石油,9000,3,黄色,柴油
,货车,无牌,,,,
晋B23456,飞机,某单位,,,,
晋B34567,货车,某单位,十吨,,,
晋B45678,货车,某单位,,1,,
晋B12345,货车,重复,,,,
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_a_register_is_read_in_any_encoding_with_faults_by_row(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "vehicles.csv"
    path.write_bytes(CHINESE.encode(encoding))
    register, faults = load_vehicles(path)
    assert len(register) == 2
    assert register.tare_kg("晋B90210") == 15200
    assert register.axles("晋B 90210") == 6
    assert register.colour("晋B90210") == "yellow"
    assert register.products("晋B90210") == ("原煤", "精煤")
    assert register.lists("晋B12345", "tanker")
    assert not register.lists("晋B90210", "tanker")
    assert not register.lists("晋B00000")
    assert [(f.row, f.column) for f in faults] == [
        (4, "车牌号"),
        (5, "车型"),
        (6, "皮重"),
        (7, "轴数"),
        (8, "车牌号"),
    ]
    assert str(faults[2]).startswith("row 6, 皮重: expected a number above 0")


def test_an_excel_register_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["plate", "kind", "tare_kg", "note"])
    sheet.append(["晋B90210", "truck", 15200.0, "x"])
    sheet.append([None, None, None, None])
    sheet.append(["晋B90211", "truck", -5, None])
    path = tmp_path / "vehicles.xlsx"
    book.save(path)
    register, faults = load_vehicles(path)
    assert register.tare_kg("晋B90210") == 15200
    assert [(f.row, f.column) for f in faults] == [(4, "tare_kg")]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("v.csv", b"owner,tare\nx,1\n", r"missing columns: plate \(车牌"),
        ("v.csv", b"", "missing columns"),
        ("v.csv", b"\xff\xff\xff", "neither UTF-8, UTF-16 nor GBK"),
        ("v.csv", b"a\0b", "not a text file"),
        ("v.xlsx", b"no workbook", "Excel"),
    ],
)
def test_a_file_that_is_no_register_is_refused(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(TicketError, match=message):
        load_vehicles(path)


def test_no_file_gives_an_empty_register() -> None:
    register, faults = load_vehicles(None)
    assert (len(register), faults) == (0, [])
    assert VehicleRegister().tare_kg("晋B90210") is None


def test_a_register_may_say_the_vehicles_own_colour(tmp_path: Path) -> None:
    path = tmp_path / "vehicles.csv"
    path.write_text("车牌号,车身颜色\n晋B90210,银灰色\n晋B12345,红\n晋B23456,彩虹\n", encoding="utf-8")
    register, faults = load_vehicles(path)
    assert (register.body("晋B90210"), register.body("晋B12345"), register.body("晋B00000")) == ("grey", "red", "")
    assert [(f.row, f.column) for f in faults] == [(4, "车身颜色")]
