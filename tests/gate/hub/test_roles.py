"""Every route, from the route table, is refused to everyone who has no right to it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from gate.hub.app import create_app
from gate.hub.context import CSRF_HEADER
from gate.hub.roles import RIGHTS, Right, Role
from gate.hub.settings import HubSettings
from tests.gate.hub.kit import Rig

OPEN_BY_NATURE = {"/evidence/verify"}  # a page that verifies in the browser and shows nothing of the hub


def rights_of(dependant: Dependant) -> Iterator[Right]:
    right = getattr(dependant.call, "right", None)
    if right is not None:
        yield right
    for inner in dependant.dependencies:
        yield from rights_of(inner)


def http_routes(routes: list[BaseRoute]) -> list[APIRoute]:
    found = [r for r in routes if isinstance(r, APIRoute)]
    for included in routes:
        if hasattr(included, "original_router"):
            found += http_routes(included.original_router.routes)
    return found


def filled(path: str) -> str:
    values = {"{form}": "csv", "{path:path}": "x", "{alert_id}": "a", "{passage_id}": "p"}
    for name, value in values.items():
        path = path.replace(name, value)
    while "{" in path:
        start, end = path.index("{"), path.index("}")
        name = path[start + 1 : end]
        path = path[:start] + ("1" if name.endswith("_id") else "x") + path[end + 1 :]
    return path


def test_every_route_asks_for_exactly_one_right(tmp_path: Path) -> None:
    routes = http_routes(create_app(HubSettings(data_dir=tmp_path)).routes)
    assert len(routes) > 40
    for route in routes:
        rights = set(rights_of(route.dependant))
        if route.path in OPEN_BY_NATURE:
            continue
        assert len(rights) == 1, f"{route.methods} {route.path}: {rights}"


async def test_nobody_gets_in_without_a_session(rig: Rig) -> None:
    client = rig.client()
    for method, path, right in table(rig):
        if right is not Right.OPEN:
            answer = await client.request(method, path)
            assert answer.status_code == 401, f"{method} {path}: {answer.status_code}"


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_gets_no_further_than_its_rights(rig: Rig, role: Role) -> None:
    client = await rig.person(role)
    for method, path, right in table(rig):
        if right in (Right.OPEN, Right.SITE) or path.endswith("/events"):
            continue
        answer = await client.request(method, path)
        if right in RIGHTS[role]:
            assert answer.status_code != 403, f"{role} {method} {path}: {answer.text}"
        else:
            assert answer.status_code == 403, f"{role} {method} {path}: {answer.status_code}"
        if method == "DELETE" and path.endswith("/session"):
            client = await rig.person(role)


@pytest.mark.parametrize("role", list(Role))
async def test_no_person_passes_for_a_site(rig: Rig, role: Role) -> None:
    client = await rig.person(role)
    for method, path, right in table(rig):
        if right is Right.SITE:
            assert (await client.request(method, path)).status_code == 401


async def test_a_change_without_the_pages_own_token_is_refused(rig: Rig) -> None:
    client = await rig.person(Role.ADMINISTRATOR)
    del client.headers[CSRF_HEADER]
    for method, path, right in table(rig):
        if method not in ("GET", "HEAD") and right not in (Right.OPEN, Right.SITE):
            answer = await client.request(method, path)
            assert answer.status_code == 403, f"{method} {path}: {answer.status_code}"


def table(rig: Rig) -> Iterator[tuple[str, str, Right]]:
    app: Any = create_app(rig.hub.settings)
    for route in http_routes(app.routes):
        if route.path in OPEN_BY_NATURE:
            continue
        (right,) = set(rights_of(route.dependant))
        for method in sorted(route.methods):
            yield method, filled(route.path), right
