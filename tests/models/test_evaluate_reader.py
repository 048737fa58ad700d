"""The shipped reader holds its bars on the real crops, and stays ahead of the peer."""

from typing import Any

import pytest

from models.evaluate.crnn import Crnn
from models.evaluate.reader import evaluate, missed
from models.registry import EvaluationJob
from models.synthesis.real import read_labels
from tests.data import data_folder


@pytest.fixture(scope="module")
def rows() -> dict[str, dict[str, Any]]:
    data = data_folder()
    return {row["model"]: row for row in evaluate(EvaluationJob(data, data / "peers"))}


def share(figure: list[int]) -> float:
    return figure[0] / figure[1]


def test_the_bars_on_real_crops_hold(rows: dict[str, dict[str, Any]]) -> None:
    ours = rows["ours"]
    assert share(ours["dev"]) >= 0.985
    assert ours["dev_by_colour"]["yellow"] == [41, 41]
    assert ours["special_unrectified"][0] >= 46
    assert ours["special_unrectified_two_rows"] == [6, 6]
    assert share(ours["false_plates"]) < 0.005
    assert share(ours["false_plates_unseen"]) < 0.005


def test_ahead_of_the_peer_wherever_it_is_measured(rows: dict[str, dict[str, Any]]) -> None:
    peer = rows["crnn_48x168"]
    for figure in ("dev", "dev_province", "special_unrectified", "special_rectified", "drawn"):
        assert rows["ours"][figure][0] > peer[figure][0], figure


def test_every_kind_and_province_is_mostly_read(rows: dict[str, dict[str, Any]]) -> None:
    for kind, figure in rows["ours"]["drawn_by_kind"].items():
        assert share(figure) > 0.5, kind
    provinces = rows["ours"]["drawn_province_by_province"]
    assert len(provinces) == 31
    assert sum(hit for hit, _ in provinces.values()) / sum(of for _, of in provinces.values()) > 0.9


def test_disagreements_are_listed_to_be_looked_at() -> None:
    data = data_folder()
    peer = Crnn(data / "peers" / "crnn_48x168.onnx")
    crops = read_labels(data / "plates", "special_dev")[:6]
    listed = missed(crops, lambda pictures, lines: [(text, True) for text in peer.read(pictures, lines)])
    assert all(row.text != row.label for row in listed)
    assert {row.label for row in listed} <= {crop.text for crop in crops}
