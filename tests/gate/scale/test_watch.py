import io

from rich.console import Console
from rich.text import Text

from gate.scale.watch import HEIGHT, LABEL, WeightScreen, plot
from tests.gate.scale.curves import SCALE, truck
from vision.facts import DeviceState


def shown(screen: WeightScreen) -> str:
    out = io.StringIO()
    Console(width=120, file=out).print(screen.draw())
    return out.getvalue()


def test_the_screen_shows_state_weight_and_curve() -> None:
    screen = WeightScreen(SCALE)
    assert "waiting" in shown(screen)
    screen.add(DeviceState(0, "s1", "ok"))
    samples = truck([7000.0, 9000, 9000], [0.0, 4.0, 5.35])
    for sample in samples[:80]:
        screen.add(sample)
    text = shown(screen)
    assert f"{samples[79].kg:,.1f} kg" in text
    assert "█" in text
    for sample in samples[80:]:
        screen.add(sample)
    assert "no. 1: 25,0" in shown(screen)
    screen.add(DeviceState(99_000, "s1", "lost", "unplugged"))
    assert "lost unplugged" in shown(screen)


def test_the_plot_keeps_its_size_whatever_comes() -> None:
    for samples in ([], [(0, 0.0)], [(0, -50.0), (100, 120_000.0)], [(i * 100, float(i)) for i in range(2_000)]):
        rows = plot(samples, 70, HEIGHT)
        assert len(rows) == HEIGHT
        assert all(len(r) in (0, 70 + LABEL) for r in rows)


def test_a_sample_is_drawn_at_the_right() -> None:
    rows = plot([(0, 0.0), (60_000, 100.0)], 10, 2)
    assert [row[-1] for row in rows] == ["█", "█"]


def test_no_row_is_wider_than_the_terminal() -> None:
    screen = WeightScreen(SCALE)
    for sample in truck([7000.0, 9000, 9000], [0.0, 4.0, 5.35]):
        screen.add(sample)
    for columns in (20, 80, 400):
        rows = [r.plain for r in screen.draw(columns).renderables[2:] if isinstance(r, Text)]
        assert len(rows) == HEIGHT
        assert max(len(row) for row in rows) <= columns
