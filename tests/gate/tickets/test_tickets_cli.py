import json
import stat
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from openpyxl import Workbook
from typer.testing import CliRunner, Result

from gate.cli.tickets import app
from gate.errors import TicketError

ORDERS = """矿点,车牌,煤种,吨数,生效时间,失效时间,购货单位
east-gate,晋B·90210,原煤,32,2026-11-01 08:00,2026-11-02 08:00,某电厂
east-gate,晋B90211,精煤,30.5,2026/11/01 08:00,2026-11-02T08:00:00+08:00,
"""


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (made,) = lines(run("keygen"))
    return str(made["issuer"])


def run(*args: str) -> Result:
    return CliRunner().invoke(app, args)


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_key_is_for_its_owner_alone_and_never_written_over(office: str) -> None:
    assert stat.S_IMODE(Path("issuer.pem").stat().st_mode) == 0o600
    assert isinstance(run("keygen").exception, TicketError)
    Path("issuer.pem").chmod(0o644)
    refused = run(
        "issue", "--site", "s", "--product", "p", "--tonnes", "1", "--until", "2099-01-01", "--plate", "晋B90210"
    )
    assert "chmod 600" in str(refused.exception)


def test_a_ticket_from_issue_to_recovery(office: str) -> None:
    arguments = ["--site", "east-gate", "--product", "原煤", "--tonnes", "32", "--until", "2099-01-01"]
    (ticket,) = lines(run("issue", *arguments, "--plate", "晋B90210"))
    checked = ["--issuer", office, "--site", "east-gate", "--plate", "晋B90210"]
    assert lines(run("check", ticket["token"], *checked))[0]["state"] == "valid"
    assert run("code", ticket["id"], "--out", "code.png").exit_code == 0
    assert lines(run("check", "code.png", *checked))[0]["ticket"] == ticket["id"]
    assert run("check", "code.png", "--issuer", office, "--site", "west-gate").exit_code == 1
    lines(run("use", ticket["id"]))
    lines(run("recover", ticket["id"]))
    (sums,) = lines(run("ledger"))
    assert (sums["issued"], sums["recovered"], sums["adds_up"]) == (1, 1, True)


def test_tickets_on_hand_are_delivered_and_voided(office: str) -> None:
    arguments = ["--site", "east-gate", "--product", "原煤", "--tonnes", "32", "--until", "2099-01-01", "--count", "3"]
    first, second, _ = (t["id"] for t in lines(run("issue", *arguments)))
    (delivered,) = lines(run("deliver", first, "晋B90210"))
    lines(run("void", second, "--reason", "多开"))
    lines(run("void", first, "--reason", "车辆故障"))
    Path("tickets.jsonl").write_text(run("register").stdout, encoding="utf-8")
    arguments = ["--issuer", office, "--site", "east-gate", "--register", "tickets.jsonl"]
    refused = run("check", delivered["token"], *arguments)
    assert refused.exit_code == 1
    assert json.loads(refused.stdout)["state"] == "void"
    assert [t["state"] for t in lines(run("list"))] == ["void", "void", "on_hand"]


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_orders_are_imported_from_a_table(office: str, encoding: str) -> None:
    Path("orders.csv").write_bytes(ORDERS.encode(encoding))
    tickets = lines(run("import", "orders.csv"))
    assert [(t["plate"], t["kg"], t["state"]) for t in tickets] == [
        ("晋B90210", 32_000, "delivered"),
        ("晋B90211", 30_500, "delivered"),
    ]
    assert tickets[0]["until_ms"] == tickets[1]["until_ms"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_times_are_taken_as_excel_writes_them_and_a_last_day_counts_to_its_end(office: str, kind: str) -> None:
    head, plates = ["site", "plate", "product", "tonnes", "from", "until"], ("晋B90210", "晋B90211", "晋B90212")
    zone = ZoneInfo("Asia/Shanghai")
    begin, end, midnight = (datetime(2026, 11, day, hour, tzinfo=zone) for day, hour in ((1, 8), (2, 0), (3, 0)))
    if kind == "csv":
        times = (
            ("2026/11/1 8:00", "2026/11/2"),
            ("2026年11月1日 08:00", "2026.11.2"),
            ("2026-11-01 8:00", "2026/11/3 0:00"),
        )
        rows = [f"east,{p},coal,32,{a},{b}" for p, (a, b) in zip(plates, times, strict=True)]
        Path("orders.csv").write_text("\n".join([",".join(head), *rows]), encoding="utf-8")
    else:
        book = Workbook()
        page = book.worksheets[0]
        page.append(head)
        for plate, until in zip(
            plates, (end.replace(tzinfo=None), end.date(), midnight.replace(tzinfo=None)), strict=True
        ):
            page.append(["east", plate, "coal", 32, begin.replace(tzinfo=None), until])
        page["F2"].number_format = "yyyy/m/d"
        book.save("orders.xlsx")
    tickets = lines(run("import", f"orders.{kind}"))
    assert {t["from_ms"] for t in tickets} == {begin.timestamp() * 1000}
    assert [t["until_ms"] for t in tickets] == [midnight.timestamp() * 1000] * 3


def test_a_table_with_faults_issues_nothing_unless_told_to(office: str) -> None:
    faulty = "east-gate,晋B90212,原煤,-1,2026-11-01,2026-11-02,\n,晋B90213,原煤,1,2026-11-01,2026-11-02,\n"
    faulty += "east-gate,晋B90214,原煤,1,gestern,2026-11-02,\neast-gate,晋B90215,原煤,1,2026-11-02,2026-11-01,\n"
    Path("orders.csv").write_text(ORDERS + faulty, encoding="utf-8")
    refused = run("import", "orders.csv")
    assert refused.exit_code == 1
    assert [line.partition(":")[2].partition(":")[0].strip() for line in refused.stderr.splitlines()] == [
        "row 4, 吨数",
        "row 5, 矿点",
        "row 6, 生效时间",
        "row 7, 失效时间",
    ]
    assert lines(run("list")) == []
    assert len(run("import", "orders.csv", "--partial").stdout.splitlines()) == 2


def test_a_register_of_vehicles_is_checked(office: str) -> None:
    Path("vehicles.csv").write_text("plate,axles\n晋B90210,6\n晋B90211,x\n", encoding="utf-8")
    refused = run("vehicles", "vehicles.csv")
    assert refused.exit_code == 1
    assert json.loads(refused.stdout) == {"vehicles": 1, "rows_refused": 1}
    assert "row 3, axles" in refused.stderr
