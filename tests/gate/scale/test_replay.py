from pathlib import Path

import pytest

from gate.errors import ScaleError
from gate.facts import WeightSample, fact_line
from gate.scale.replay import replay_scale
from gate.site.devices import Scale
from tests.gate.scale.frames import yaohua
from vision.facts import DeviceState

SCALE = Scale(id="s1", deck="deck", address="replay:weights.csv")


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "weights.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_raw_rows_are_parsed_and_dated(tmp_path: Path) -> None:
    stream = yaohua(0) + yaohua(48620)
    path = written(tmp_path, f"at_ms,raw\n0,{stream[:7].hex()}\n100,{stream[7:15].hex()}\n200,{stream[15:].hex()}\n")
    facts = list(replay_scale(SCALE, path, 1_000_000))
    samples = [f for f in facts if isinstance(f, WeightSample)]
    assert [(s.t_ms, s.kg) for s in samples] == [(1_000_100, 0), (1_000_200, 48620)]
    states = [f.state for f in facts if isinstance(f, DeviceState)]
    assert states == ["ok", "ended"]
    assert [fact_line(f) for f in facts] == [fact_line(f) for f in replay_scale(SCALE, path, 1_000_000)]


def test_parsed_rows_carry_their_flags(tmp_path: Path) -> None:
    path = written(tmp_path, "t_ms,kg,stable,overload\n5,40.5,1,\n15,41,0,1\n")
    samples = [f for f in replay_scale(SCALE, path, 0) if isinstance(f, WeightSample)]
    assert samples == [
        WeightSample(5, "s1", 40.5, stable=True),
        WeightSample(15, "s1", 41.0, stable=False, overload=True),
    ]


def test_gaps_and_noise_become_states(tmp_path: Path) -> None:
    noise = "\n".join(f"{5_000 + i * 100},02ffffffffffffffffffffff" for i in range(20))
    good = "\n".join(f"{16_000 + i * 100},{yaohua(0).hex()}" for i in range(120))
    path = written(tmp_path, f"at_ms,raw\n0,{yaohua(0).hex()}\n{noise}\n{good}\n")
    states = [(f.t_ms, f.state) for f in replay_scale(SCALE, path, 0) if isinstance(f, DeviceState)]
    assert [s for _, s in states] == ["ok", "stalled", "fault", "stalled", "ok", "ended"]
    assert states[1] == (2_000, "stalled")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time,kg\n1,2\n", "'at_ms' or 't_ms'"),
        ("at_ms,kg\nx,2\n", r"weights.csv:2: at_ms"),
        ("at_ms,kg\n1,nan\n", r"weights.csv:2: kg"),
        ("at_ms,raw\n1,0g\n", r"weights.csv:2: raw"),
        ("at_ms,kg,stable\n1,2,maybe\n", "stable"),
    ],
)
def test_faults_name_the_row_and_the_column(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ScaleError, match=message):
        list(replay_scale(SCALE, written(tmp_path, text), 0))


def test_an_absent_file_is_named() -> None:
    with pytest.raises(ScaleError, match=r"nowhere\.csv"):
        list(replay_scale(SCALE, Path("/nowhere.csv"), 0))
