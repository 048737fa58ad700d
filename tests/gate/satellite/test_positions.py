"""Satellite positions from the site file to a finding, as recorded and as a platform sends them."""

import asyncio
import contextlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import FactError, SiteError
from gate.facts import Position, ReceiverState, fact_line, read_fact
from gate.judging.gatehouse import Gatehouse
from gate.judging.rejudge import rejudge, standing
from gate.running.check import check_site
from gate.satellite.feed import LivePositions, position_line, replay_positions
from gate.satellite.report import read_report
from gate.site import parse_site
from gate.site.devices import Positions
from gate.site.draw import draw_site
from gate.site.model import Site
from gate.tickets.book import TicketBook
from geofence.movement import Movement
from tests.gate.fraud.scene import Register
from tests.servers import server
from vision.facts import DeviceState

# Monday 2026-11-02, 10:00 in Shanghai
T0 = 1_793_584_800_000
TANKER, TRUCK = "晋A30001", "晋A40002"
REGISTER = Register({TANKER: {"kind": "tanker"}, TRUCK: {"kind": "truck"}})
SITE = """
id: depot
name: {zh: 油库, en: Depot}
cameras: [{id: cam, name: {zh: 门}, address: "file:clip.mp4", size: [1280, 720]}]
satellite:
  - id: 库区
    name: {zh: 库区}
    points: [[112.50, 37.80], [112.56, 37.80], [112.56, 37.86], [112.50, 37.86]]
    hours: [{from: "06:00", to: "20:00"}]
  - {id: 送油路, points: [[112.56, 37.83], [112.70, 37.83]], width_m: 400}
  - {id: 水源地, use: keep_out, kinds: [tanker, truck], points: [[112.60, 37.70], [112.64, 37.70], [112.62, 37.74]]}
positions: {address: "replay:positions.jsonl"}
registers: {vehicles: vehicles.csv}
"""
DEPOT, ROUTE, ELSEWHERE, WATER = (112.53, 37.83), (112.62, 37.8301), (112.62, 37.90), (112.62, 37.715)


def site() -> Site:
    return parse_site(SITE)


def drive(
    places: list[tuple[float, float]], plate: str = TANKER, start_ms: int = T0, every_s: int = 60
) -> list[Position]:
    """One report a minute: standing a while at each place, and the way between driven, not jumped."""
    out: list[Position] = []
    here = places[0]
    for place in places:
        way = [(here[0] + (place[0] - here[0]) * k / 10, here[1] + (place[1] - here[1]) * k / 10) for k in range(1, 11)]
        for lon, lat in [*(way if place != here else []), *[place] * 5]:
            out.append(Position(start_ms + len(out) * 60_000, plate, lon, lat))
        here = place
    return out


def judged(positions: list[Position], register: Register = REGISTER) -> list[str]:
    house = Gatehouse(site(), TicketBook(), register)
    outcomes = [house.take(positions), house.finish(positions[-1].t_ms)]
    return [f.en for o in outcomes for f in o.findings if f.rule == "unlisted_tanker"]


def test_in_its_area_and_on_its_route_nothing_is_said() -> None:
    assert judged(drive([DEPOT, ROUTE, DEPOT])) == []


def test_outside_its_area_is_one_finding_each_time() -> None:
    found = judged(drive([DEPOT, ELSEWHERE, DEPOT, ELSEWHERE]))
    assert len(found) == 2
    assert "outside its areas or hours (库区, 送油路)" in found[0]


def test_outside_its_hours_is_a_finding() -> None:
    assert len(judged(drive([DEPOT], start_ms=T0 + 11 * 3_600_000))) == 1  # 21:00
    assert judged(drive([DEPOT], start_ms=T0 + 9 * 3_600_000)) == []  # 19:00


def test_a_forbidden_area_binds_whom_it_names() -> None:
    (found,) = judged(drive([ELSEWHERE, WATER], TRUCK))
    assert "forbidden area 水源地" in found
    assert judged(drive([ELSEWHERE, WATER], "晋A99999")) == []  # not on the register: not followed


def test_a_jump_and_a_lost_signal_are_states_and_no_findings() -> None:
    there = drive([DEPOT])
    jump = Position(there[-1].t_ms + 60_000, TANKER, 110.0, 35.0)
    back = [Position(jump.t_ms + 60_000 * k, TANKER, *DEPOT) for k in (1, 2)]
    house = Gatehouse(site(), TicketBook(), REGISTER)
    outcomes = [house.take([*there, jump, *back]), house.tick(back[-1].t_ms + 400_000)]
    states = [f.state for o in outcomes for f in o.facts if isinstance(f, ReceiverState)]
    assert states == ["jumping", "ok", "lost"]
    assert [f for o in outcomes for f in o.findings] == []


def test_a_recorded_day_is_judged_again_alike(tmp_path: Path) -> None:
    (tmp_path / "vehicles.csv").write_text(f"plate,kind\n{TANKER},油罐车\n{TRUCK},货车\n", encoding="utf-8")
    told = [
        {"plate": p.vehicle, "t_ms": p.t_ms, "lon": p.lon, "lat": p.lat, "speed": 40} for p in drive([DEPOT, ELSEWHERE])
    ]
    (tmp_path / "positions.jsonl").write_text("\n".join(json.dumps(t, ensure_ascii=False) for t in told) + "\n")
    where = site()
    assert where.positions is not None
    facts = list(replay_positions(where.positions, tmp_path))
    assert [read_fact(fact_line(f)) for f in facts] == facts
    found = standing(rejudge(where, tmp_path, facts))
    assert [(f.rule, f.numbers["astray_s"] >= 120) for f in found.values()] == [("unlisted_tanker", True)]
    assert found == standing(rejudge(where, tmp_path, facts))
    house = Gatehouse(where, TicketBook(), REGISTER)
    assert {m.shape for m in house.take(facts).facts if isinstance(m, Movement)} == {"库区"}
    report = check_site(where, tmp_path, devices=False)
    assert report.passed, report.lines
    assert any("3 areas bind 2" in line for line in report.lines)
    assert any(f"{len(facts)} recorded" in line for line in report.lines)


def test_check_names_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "vehicles.csv").write_text("plate,kind\n")
    crossed = SITE.replace("[[112.60, 37.70], [112.64, 37.70], [112.62, 37.74]]", "[[1, 1], [2, 2], [2, 1], [1, 2]]")
    for text, said in (
        (SITE.replace('positions: {address: "replay:positions.jsonl"}', ""), "no positions"),
        (crossed, "水源地"),
        (SITE.replace("replay:positions.jsonl", "carrier:pigeon"), "carrier:pigeon"),
        (SITE, "positions.jsonl"),  # is not there
    ):
        report = check_site(parse_site(text), tmp_path, devices=False)
        assert not report.passed
        assert any(said in line for line in report.lines if line.startswith("FAULT")), report.lines


def test_the_map_shows_every_area(tmp_path: Path) -> None:
    still = tmp_path / "cam.png"
    cv2.imwrite(str(still), np.zeros((720, 1280, 3), np.uint8))
    paths = draw_site(site(), tmp_path, tmp_path / "out", {"cam": still})
    picture = cv2.imread(str(next(p for p in paths if p.name == "map.png")))
    green, red = (picture[..., a].astype(int) - picture[..., b] for a, b in ((1, 2), (2, 1)))
    assert (green > 15).mean() > 0.02
    assert (red > 15).mean() > 0.005


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[]", "JSON object"),
        ("{", "JSON object"),
        ('{"t_ms": 1, "lon": 1, "lat": 1}', "plate"),
        ('{"plate": "晋A30001", "t_ms": 1, "lon": 181, "lat": 1}', "lon"),
        ('{"plate": "晋A30001", "t_ms": 1, "lon": 1, "lat": "1"}', "lat"),
        ('{"plate": "晋A30001", "lon": 1, "lat": 1}', "t_ms"),
        ('{"plate": "晋A30001", "time": "2026-11-02T10:00:00", "lon": 1, "lat": 1}', "offset"),
        ('{"plate": "晋A30001", "t_ms": 1, "lon": 1, "lat": 1, "datum": "bd09"}', "datum"),
    ],
)
def test_a_report_that_cannot_be_is_refused_with_its_reason(line: str, said: str) -> None:
    with pytest.raises(FactError, match=said):
        read_report(line, "wgs84")


def test_a_report_with_a_time_and_a_datum_of_its_own() -> None:
    line = '{"plate": "晋a·30001", "time": "2026-11-02T10:00:00+08:00", "lon": 112.5, "lat": 37.8, "datum": "gcj02"}'
    assert read_report(line, "wgs84") == Position(T0, TANKER, 112.5, 37.8, "gcj02")


@given(st.binary(max_size=80) | st.text(max_size=80))
def test_no_line_brings_the_reader_down(line: bytes | str) -> None:
    with contextlib.suppress(FactError):
        read_report(line, "wgs84")


def report(plate: str, t_ms: int) -> bytes:
    return json.dumps({"plate": plate, "t_ms": t_ms, "lon": 112.5, "lat": 37.8}, ensure_ascii=False).encode()


def test_over_tcp_lines_come_in_any_pieces() -> None:
    feed = LivePositions(Positions(address="tcp:127.0.0.1:1"), lambda: T0)
    data = report(TANKER, T0) + b"\n" + b"rubbish\n" + report(TRUCK, T0 - 120_000) + b"\n" + report(TRUCK, T0) + b"\n"
    got = [p for i in range(0, len(data), 7) for p in feed.take(data[i : i + 7])]
    assert [p.vehicle for p in got] == [TANKER, TRUCK]
    assert feed.refused == 2  # rubbish, and one two minutes old


def test_an_address_that_is_no_line_is_refused() -> None:
    for address in ("modbus-tcp:10.0.0.1:502", "replay:x.jsonl", "nothing"):
        with pytest.raises(SiteError, match="positions"):
            position_line(Positions(address=address))


@pytest.mark.skipif(server("mosquitto") is None, reason="no Mosquitto on this machine")
async def test_positions_published_over_mqtt_are_facts(tmp_path: Path) -> None:
    from paho.mqtt.client import Client
    from paho.mqtt.enums import CallbackAPIVersion

    from tests.gate.scale.test_mqtt_line import broker, free_port

    port = free_port()
    facts = LivePositions(Positions(address=f"mqtt:127.0.0.1:{port}/fleet/positions"), lambda: T0).facts()

    def publish() -> None:
        client = Client(CallbackAPIVersion.VERSION2)
        client.connect("127.0.0.1", port)
        client.loop_start()
        both = report(TANKER, T0) + b"\n" + report(TRUCK, T0)
        client.publish("fleet/positions", both, qos=1).wait_for_publish(5)
        client.disconnect()
        client.loop_stop()

    with broker(tmp_path, port):
        state = await anext(facts)
        assert isinstance(state, DeviceState)
        assert state.state == "ok"
        await asyncio.to_thread(publish)
        got = [await asyncio.wait_for(anext(facts), 10) for _ in range(2)]
    await facts.aclose()
    assert [p.vehicle for p in got if isinstance(p, Position)] == [TANKER, TRUCK]
