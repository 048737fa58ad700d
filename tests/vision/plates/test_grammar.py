"""The grammar: what each kind may carry, and decoding that never leaves it."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vision.facts import PlateColour
from vision.plates.grammar import (
    ALPHABET,
    BY_NAME,
    COLOURS,
    INDEX,
    KINDS,
    OFFICIAL,
    SLOTS,
    Kind,
    Scores,
    decode,
    kinds_of,
)


@st.composite
def plates(draw: st.DrawFn) -> tuple[Kind, str]:
    kind = draw(st.sampled_from(KINDS))
    return kind, "".join(draw(st.sampled_from(allowed)) for allowed in kind.positions)


def scores_for(kind: Kind, text: str, sure: float = 0.9, plate: float = 0.99) -> Scores:
    rest = (1 - sure) / (len(ALPHABET) - 1)
    table = np.full((SLOTS, len(ALPHABET)), rest)
    for slot in range(SLOTS):
        table[slot, INDEX[text[slot]] if slot < len(text) else 0] = sure
    colour = np.full(len(COLOURS), 0.02)
    colour[COLOURS.index(kind.colour)] = 0.9
    rows = np.array([0.95, 0.05] if kind.rows == 1 else [0.05, 0.95])
    return Scores(np.log(table), np.log(colour), np.log(rows), plate, np.zeros((4, 2)))


@given(plates())
def test_reads_back_every_plate_any_kind_can_carry(drawn: tuple[Kind, str]) -> None:
    kind, text = drawn
    decoded = decode(scores_for(kind, text))
    assert decoded.text == text
    assert decoded.kind.colour is kind.colour
    assert decoded.kind.rows == kind.rows
    assert len(decoded.characters) == len(text)


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 8.0))
def test_whatever_the_network_says_the_text_is_some_kinds(seed: int, spread: float) -> None:
    rng = np.random.default_rng(seed)

    def log_probabilities(*shape: int) -> np.ndarray:
        raw = rng.normal(0, spread, shape)
        return raw - np.logaddexp.reduce(raw, axis=-1, keepdims=True)

    scores = Scores(
        log_probabilities(SLOTS, len(ALPHABET)), log_probabilities(6), log_probabilities(2), 0.9, np.zeros((4, 2))
    )
    decoded = decode(scores)
    assert decoded.kind.allows(decoded.text)
    assert kinds_of(decoded.second)
    assert decoded.second != decoded.text
    assert 0 <= decoded.probability <= 1


@given(plates(), st.data())
def test_the_runner_up_is_the_rival_of_the_weakest_character(drawn: tuple[Kind, str], data: st.DataObject) -> None:
    kind, text = drawn
    assume(text[1] != OFFICIAL)  # which has to be seen more clearly than others
    slot = data.draw(st.sampled_from([i for i, allowed in enumerate(kind.positions) if len(allowed) > 1]))
    rival = data.draw(st.sampled_from([c for c in kind.positions[slot] if c != text[slot]]))
    scores = scores_for(kind, text, sure=0.97)
    scores.text[slot] = np.log(0.01 / len(ALPHABET))
    scores.text[slot, INDEX[text[slot]]] = np.log(0.55)
    scores.text[slot, INDEX[rival]] = np.log(0.44)
    decoded = decode(scores)
    assert decoded.text == text
    assert decoded.second == text[:slot] + rival + text[slot + 1 :]


def test_colour_decides_between_kinds_that_carry_the_same_text() -> None:
    text = "晋A12345"
    assert decode(scores_for(BY_NAME["small"], text)).kind.colour is PlateColour.BLUE
    assert decode(scores_for(BY_NAME["large_front"], text)).kind.colour is PlateColour.YELLOW
    assert decode(scores_for(BY_NAME["large_rear"], text)).kind.rows == 2


def test_a_clear_trailer_mark_outweighs_a_colour_cast() -> None:
    scores = scores_for(BY_NAME["trailer"], "晋A1234挂", sure=0.98)
    scores.colour[:] = np.log([0.9999, 1e-5, 1e-5, 1e-5, 3e-5, 4e-5])
    assert decode(scores).text == "晋A1234挂"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("晋A12345", {"small", "large_front", "large_rear", "foreign"}),
        ("晋A1234挂", {"trailer"}),
        ("晋A1234学", {"coach"}),
        ("晋AD12345", {"new_energy_small"}),
        ("晋A12345D", {"new_energy_large"}),
        ("粤Z1234港", {"hong_kong_macau"}),
        ("晋A1234警", {"police"}),
        ("WJ晋12345", {"armed_police", "armed_police_rear"}),
        ("晋0112345", {"farm"}),
        ("民航B1234", {"civil_aviation"}),
        ("晋I12345", set()),  # no letter I
        ("晋A1234O", set()),  # no letter O in a serial
        ("晋AM12345", set()),  # eight characters, but no new-energy letter
        ("危险品", set()),
        ("", set()),
    ],
)
def test_which_kinds_can_carry_a_text(text: str, names: set[str]) -> None:
    assert {kind.name for kind in kinds_of(text)} == names


@pytest.mark.parametrize(("zero", "text"), [(0.6, "皖QA2825"), (0.97, "皖0A2825")])
def test_the_official_nought_needs_to_be_seen_clearly(zero: float, text: str) -> None:
    scores = scores_for(BY_NAME["small"], "皖QA2825")
    scores.text[1] = np.log((1 - zero) * 1e-3)
    scores.text[1, INDEX["0"]], scores.text[1, INDEX["Q"]] = np.log(zero), np.log((1 - zero) * 0.9)
    assert decode(scores).text == text
