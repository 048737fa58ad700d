"""Passages are found by plate, ticket, time and finding; figures and exports agree with them."""

import csv
import io
from typing import Any

import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.facts import TicketUse, Weighing
from gate.hub.plate_search import plate_patterns
from gate.hub.roles import Role
from gate.records import Severity
from tests.gate.hub.kit import SITE, T0, Rig, finding, message, passage

PLATES = ("晋A12345", "晋A12346", "蒙K8821挂", "陕B7F521", "晋AD12345", "")


def weighed(number: int, plate: str, kg: float) -> Any:
    start_ms = T0 + number * 60_000
    weighing = Weighing(start_ms, "scale-1", number, start_ms, kg, start_ms, kg, (), ())
    ticket = TicketUse(start_ms, f"T{number}", plate, SITE, "原煤" if number % 2 else "精煤", 50.0, "valid")
    return passage(number, plate, weighings=(weighing,), tickets=(ticket,))


async def fill(rig: Rig) -> None:
    await rig.send(*(message(n + 1, weighed(n, p, 1000.0 * (n + 1))) for n, p in enumerate(PLATES)))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("plate=晋A12345", {0}),
        ("plate=晋A*", {0, 1, 4}),
        ("plate=晋A1234?", {0, 1}),
        ("plate=*挂", {2}),
        ("plate=晋A12345&near=true", {0, 1, 4}),  # one character wrong, one added
        ("plate=A12345&near=true", {0}),  # one missing
        ("plate=B7F521", set()),
        ("plate=%25", set()),  # no wildcard of the database's own
        ("plate=_______", set()),
        ("plate=' OR 1=1 --", set()),
        ("ticket=T3", {3}),
        (f"from_ms={T0 + 60_000}&to_ms={T0 + 180_000}", {1, 2}),
        ("site=another", set()),
    ],
)
async def test_plates_are_found(rig: Rig, query: str, found: set[int]) -> None:
    await fill(rig)
    client = await rig.person(Role.INSPECTOR)
    items = (await client.get(f"/api/v1/passages?{query}")).json()["items"]
    assert {p["id"] for p in items} == {passage(n).id for n in found}


async def test_passages_are_found_by_finding(rig: Rig) -> None:
    await fill(rig)
    await rig.send(message(10, finding(2, rule="overload", id=f"{passage(2).id}/overload")))
    client = await rig.person(Role.INSPECTOR)
    items = (await client.get("/api/v1/passages?finding=overload")).json()["items"]
    assert [(p["id"], p["severity"]) for p in items] == [(passage(2).id, 3)]


def like(pattern: str, text: str) -> bool:
    """What LIKE does, for the patterns without wildcards of many characters."""
    out, at = [], 0
    while at < len(pattern):
        if pattern[at] == "\\":
            at += 1
            out.append(pattern[at])
        else:
            out.append(None if pattern[at] == "_" else pattern[at])
        at += 1
    return len(out) == len(text) and all(p is None or p == c for p, c in zip(out, text, strict=True))


TEXTS = st.text("晋A1B2", min_size=1, max_size=6)


@given(TEXTS, TEXTS)
def test_near_means_at_most_one_character_apart(wanted: str, text: str) -> None:
    matched = any(like(p, text) for p in plate_patterns(wanted, near=True))
    assert matched == (distance(wanted, text) <= 1)


def distance(a: str, b: str) -> int:
    """Levenshtein's."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a):
        row, before = [i + 1], row
        for j, y in enumerate(b):
            row.append(min(before[j + 1] + 1, row[j] + 1, before[j] + (x != y)))
    return row[-1]


async def test_figures_add_up(rig: Rig) -> None:
    await fill(rig)
    await rig.send(message(20, finding(1, Severity.CRITICAL)), message(21, finding(2, state="withdrawn")))
    client = await rig.person(Role.CITY)
    for by in ("hour", "day", "month", "year", "site", "mine", "product"):
        rows = (await client.get(f"/api/v1/figures?by={by}")).json()
        assert sum(r["passages"] for r in rows) == len(PLATES)
        assert sum(r["weight_kg"] for r in rows) == 21_000.0
        assert sum(r["alerts"]["4"] for r in rows) == 1
        assert sum(r["alerts"]["3"] for r in rows) == 0
    products = {r["key"]: r["passages"] for r in (await client.get("/api/v1/figures?by=product")).json()}
    assert products == {"原煤": 3, "精煤": 3}
    beat = {"t_ms": 1, "mine": "东山煤矿"}
    await rig.site.post("/api/v1/ingest", json={"stream": "s1", "messages": [], "heartbeat": beat})
    (mine,) = (await client.get("/api/v1/figures?by=mine")).json()
    assert (mine["key"], mine["passages"], mine["alerts"]["4"]) == ("东山煤矿", len(PLATES), 1)


async def test_exports_hold_the_same_rows(rig: Rig) -> None:
    await fill(rig)
    client = await rig.person(Role.INSPECTOR)
    text = (await client.get("/api/v1/export/passages.csv")).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    table = pyarrow.parquet.read_table(io.BytesIO((await client.get("/api/v1/export/passages.parquet")).content))
    assert [r["plate"] for r in rows] == list(PLATES)
    assert table.column("weight_kg").to_pylist() == [1000.0 * (n + 1) for n in range(len(PLATES))]


async def test_an_exported_reason_is_no_formula(rig: Rig) -> None:
    await rig.send(message(1, finding(1, zh='=HYPERLINK("http://x")', en="+1")))
    client = await rig.person(Role.CITY)
    text = (await client.get("/api/v1/export/alerts.csv")).content.decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["zh"].startswith("'=")
    assert row["en"] == "'+1"
