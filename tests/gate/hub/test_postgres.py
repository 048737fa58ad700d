"""The same hub on a real PostgreSQL."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from gate.hub.roles import Role
from gate.hub.settings import HubSettings
from tests.gate.hub.databases import POSTGRES, running_postgres
from tests.gate.hub.kit import SILENCE_S, Rig, message, passage, rig_with
from tests.gate.hub.test_alerts import (  # noqa: F401 - the same tests, on another database
    test_a_serious_alert_goes_its_whole_way,
    test_an_action_sent_twice_by_a_phone_counts_once,
    test_lists_page_through_everything_once,
    test_silence_of_a_site_is_an_alert_and_ends,
    test_two_who_dispose_at_once_one_is_told,
)
from tests.gate.hub.test_ingest import (  # noqa: F401
    test_a_new_outbox_starts_at_one_again,
    test_an_older_word_never_undoes_a_newer,
    test_gaps_are_told_and_close,
    test_sent_again_is_stored_once,
    test_the_same_id_under_another_number_is_stored_once,
)
from tests.gate.hub.test_search import test_figures_add_up, test_plates_are_found  # noqa: F401

pytestmark = pytest.mark.skipif(POSTGRES is None, reason="no PostgreSQL: name postgres in GATEWARDEN_POSTGRES")


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL of our own."""
    with running_postgres() as address:
        yield address


@pytest.fixture
async def rig(tmp_path: Path, postgres: str) -> AsyncIterator[Rig]:
    """A hub on a database of its own."""
    name = f"hub_{uuid.uuid4().hex}"
    connection = await asyncpg.connect(f"{postgres.replace('+asyncpg', '')}/postgres")
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    settings = HubSettings(data_dir=tmp_path / "hub", database_url=f"{postgres}/{name}", silence_s=SILENCE_S)
    async with rig_with(settings) as made:
        yield made


async def test_many_senders_at_once_lose_nothing(rig: Rig) -> None:
    async def send(k: int) -> None:
        for n in range(1, 6):
            await rig.send(message(n, passage(10 * k + n), f"{k}-{n}"), stream=f"s{k}")

    await asyncio.gather(*(send(k) for k in range(8)))
    person = await rig.person(Role.CITY)
    assert len((await person.get("/api/v1/passages?limit=100")).json()["items"]) == 40
