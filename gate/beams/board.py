"""Where light barriers are wired to: the discrete inputs of a Modbus board, or the topic of a broker."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from gate.errors import LineError, SiteError
from gate.lines.address import broker, host_port, port_settings, split_address
from gate.lines.line import LineLost
from gate.lines.modbus import ANSWER_S, NewClient, PolledClient, rtu_client, tcp_client
from gate.lines.mqtt_line import Broker, MqttLine
from gate.site.devices import Beam

POLL_S = 0.05  # a truck at 30 km/h is in a light barrier for more than a second, a person walking for a third of one
_ON, _OFF = frozenset({"1", "on", "true"}), frozenset({"0", "off", "false"})


class Board(Protocol):
    """One line with one or more light barriers on it."""

    async def open(self) -> None:
        """Raises LineLost."""
        ...

    async def look(self) -> Mapping[str, bool]:
        """What is known anew, by barrier: whether it is broken. Waits until there is something. Raises LineLost."""
        ...

    async def close(self) -> None:
        """Give the line back."""
        ...


def open_boards(beams: Sequence[Beam]) -> list[tuple[tuple[Beam, ...], Board]]:
    """A line for each address that is named, not yet connected, with the barriers on it; a barrier without is left out.

    Raises SiteError naming the barrier whose address can never work.
    """
    by_address: dict[str, list[Beam]] = {}
    for beam in beams:
        if beam.address:
            by_address.setdefault(beam.address, []).append(beam)
    return [(tuple(wired), _board(address, wired)) for address, wired in by_address.items()]


def _board(address: str, beams: Sequence[Beam]) -> Board:
    who = f"light barrier {beams[0].id!r}"
    try:
        kind, place, options = split_address(address)
        if kind in ("mqtt", "mqtts"):
            where = broker(kind, place, options, address)
            where.login()
            return TopicBoard(where, beams)
        if kind == "modbus-tcp":
            host, port = host_port(place, address)
            return InputBoard(lambda: tcp_client(host, port, ANSWER_S), address, beams)
        if kind == "modbus-rtu":
            settings = port_settings(place, options)
            return InputBoard(lambda: rtu_client(settings, ANSWER_S), address, beams)
    except LineError as error:
        raise SiteError(f"{who}: {error}") from error
    raise SiteError(f"{who}: {address!r}: expected modbus-tcp:, modbus-rtu:, mqtt: or mqtts:")


class InputBoard:
    """Discrete inputs of the Modbus devices on a line, asked every POLL_S."""

    def __init__(self, new_client: NewClient, where: str, beams: Sequence[Beam]) -> None:
        self._polled = PolledClient(new_client, where, POLL_S)
        self._where, self._beams = where, beams

    async def open(self) -> None:
        """See Board."""
        await self._polled.open()

    async def look(self) -> Mapping[str, bool]:
        """See Board: every barrier, each time."""
        return await self._polled.ask(self._ask)

    async def close(self) -> None:
        """See Board."""
        await self._polled.close()

    async def _ask(self, client: Any) -> dict[str, bool]:
        """Which barriers are broken. Each input by itself: a board may have none between two that are wired."""
        seen = {}
        for beam in self._beams:
            answer = await client.read_discrete_inputs(beam.input, count=1, device_id=beam.unit_id)
            if answer.isError():
                raise LineLost(f"{self._where}: unit {beam.unit_id} refused input {beam.input}: {answer}")
            seen[beam.id] = bool(answer.bits[0]) is (beam.broken_when == "on")
        return seen


class TopicBoard:
    """A topic on which a light barrier's state is published, retained at best: 1 or 0, on or off, {"broken": true}."""

    def __init__(self, where: Broker, beams: Sequence[Beam]) -> None:
        self._line, self._beams = MqttLine(where), beams

    async def open(self) -> None:
        """See Board."""
        await self._line.open()

    async def look(self) -> Mapping[str, bool]:
        """See Board. What cannot be understood is passed over."""
        while True:
            said = _said(await self._line.receive())
            if isinstance(said, dict):
                return dict.fromkeys((b.id for b in self._beams), said["broken"])
            if said is not None:
                return {b.id: said is (b.broken_when == "on") for b in self._beams}

    async def close(self) -> None:
        """See Board."""
        await self._line.close()


def _said(payload: bytes) -> bool | dict[str, bool] | None:
    """An input that is on or off, a barrier's own word, or None."""
    text = payload.decode("utf-8", "replace").strip().lower()
    if text in _ON | _OFF:
        return text in _ON
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return None
    is_word = isinstance(told, dict) and isinstance(told.get("broken"), bool)
    return {"broken": told["broken"]} if is_word else None
