"""Lines of the fact log: what was written is read again, and what is no fact is refused with the reason."""

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from gate.errors import FactError
from gate.facts import Fact, Operation, TicketUse, Weighing, WeightSample, WeightStep, fact_line, read_fact
from geofence.movement import Movement
from vision.facts import DeviceState, Sighting


@pytest.mark.parametrize("kind", [Sighting, Movement, WeightSample, Weighing, TicketUse, DeviceState, Operation])
def test_every_fact_is_read_as_it_was_written(kind: type[Fact]) -> None:
    @given(st.builds(kind))
    def check(fact: Fact) -> None:
        try:
            line = fact_line(fact)
        except ValueError:  # no log holds a weight that is no number
            reject()
        assert read_fact(line) == fact

    check()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("nonsense", "no fact"),
        ("[]", "no fact"),
        ('{"fact":"Rumour"}', "no fact"),
        ('{"fact":"WeightSample","kg":1,"scale":"s"}', "t_ms"),
        ('{"fact":"WeightSample","kg":1,"scale":"s","t_ms":1,"colour":"red"}', "unknown field 'colour'"),
        ('{"fact":"WeightSample","kg":true,"scale":"s","t_ms":1}', "expected float"),
        ('{"fact":"WeightSample","kg":"1","scale":"s","t_ms":1}', "expected float"),
        ('{"fact":"WeightSample","kg":1,"scale":"s","t_ms":1.5}', "expected int"),
        ('{"fact":"Movement","kind":"flew","t_ms":1,"vehicle":"c:1"}', "flew"),
        ('{"fact":"DeviceState","device":"c","numbers":{"a":"b"},"state":"ok","t_ms":1}', "expected float"),
        ('{"box":[1,2,3],"camera":"c","fact":"Sighting","kind":"car","score":1,"t_ms":1,"vehicle":"c:1"}', "argument"),
    ],
)
def test_what_is_no_fact_is_refused(line: str, why: str) -> None:
    with pytest.raises(FactError, match=why):
        read_fact(line)


def test_whole_numbers_are_read_where_a_weight_may_have_decimals() -> None:
    fact = read_fact('{"fact":"WeightSample","kg":1560,"scale":"s","t_ms":1}')
    assert isinstance(fact, WeightSample)
    assert isinstance(fact.kg, float)
    assert WeightStep(1, 0.0, 1.0) != fact
