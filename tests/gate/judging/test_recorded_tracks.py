"""A stretch of a recorded day, out of the log of facts."""

from pathlib import Path

from gate.facts import WeightSample, from_plain
from gate.judging.daylog import fact_log
from gate.judging.recorded_tracks import recorded_tracks
from vision.facts import Sighting, VehicleClass

MIDNIGHT = 1_790_035_200_000  # UTC


def seen(t_ms: int) -> Sighting:
    return Sighting(t_ms, "exit", "exit:1", VehicleClass.TRUCK, 0.9, (1.0, 2.0, 3.0, 4.0), (0.5, 7.0))


def test_only_the_sightings_of_the_stretch_come_over_midnight_and_before_a_torn_line(tmp_path: Path) -> None:
    log = fact_log(tmp_path)
    times = [MIDNIGHT - 2000, MIDNIGHT - 1000, MIDNIGHT, MIDNIGHT + 1000, MIDNIGHT + 2000]
    log.append([f for t in times for f in (seen(t), WeightSample(t, "s", 1.0))])
    log.close()
    rows = recorded_tracks(tmp_path, MIDNIGHT - 1000, MIDNIGHT + 1000)
    assert [from_plain(Sighting, r) for r in rows] == [seen(t) for t in times[1:4]]
    newest = sorted(tmp_path.glob("facts-*.jsonl"))[-1]
    newest.write_bytes(newest.read_bytes()[:-40])
    assert len(recorded_tracks(tmp_path, MIDNIGHT - 1000, MIDNIGHT + 9000)) >= 3
    assert recorded_tracks(tmp_path, 0, 1) == []
