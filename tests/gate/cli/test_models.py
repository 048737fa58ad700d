"""`gatewarden models`: what is shipped is listed and checked; unknown targets are wrong use."""

import json

import pytest
from typer.testing import CliRunner

from gate.cli.models import app


def test_lists_what_is_shipped_with_its_cards() -> None:
    plain = CliRunner().invoke(app, ["list"])
    assert plain.exit_code == 0
    assert "reader" in plain.stdout
    cards = json.loads(CliRunner().invoke(app, ["list", "--json"]).stdout)
    assert {"name", "sha256", "data", "metrics", "command"} <= set(cards[0])


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "owl", "--out", "x"],
        ["evaluate", "owl"],
        ["train", "reader"],  # where to?
        ["train", "reader", "--out", "x", "--device", "abacus"],
    ],
)
def test_wrong_use_is_status_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2
