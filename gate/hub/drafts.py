"""Drafts of a site's shapes: drawn on a still, checked as a site file is, tried on a recorded day, given as YAML.

A draft changes nothing: its fragment goes into the site file by the hand of the site's engineer.
"""

import re
from itertools import groupby
from typing import Annotated, Any, Literal

import httpx
import numpy as np
import yaml
from fastapi import APIRouter, HTTPException
from fastapi import Path as PathParam
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select

from gate.errors import FactError, SiteError
from gate.facts import from_plain, to_plain
from gate.hub.context import Hub, Person, TheHub, needs
from gate.hub.live import live_base
from gate.hub.roles import Right
from gate.hub.sites import plan_of
from gate.hub.tables import File, Passage
from gate.site.devices import Camera
from gate.site.model import Site
from gate.site.shapes import camera_plane, site_planes, site_shapes
from geofence.fence import SiteFence
from geofence.movement import Movement
from vision.facts import Sighting

router = APIRouter(prefix="/api/v1/sites/{site_id}", tags=["drafts"])

_MOST_BYTES = 32 * 1024 * 1024
_LONGEST_MS = 3_600_000
SiteId = Annotated[str, PathParam(pattern=r"^[\w.-]{1,64}$")]
Point = tuple[Annotated[float, Field(ge=-1e6, le=1e6)], Annotated[float, Field(ge=-1e6, le=1e6)]]


class ShapeIn(BaseModel):
    """A shape as drawn on one camera's still, pixels. on_ground: to be kept in metres, where the camera is surveyed.

    more: further fields of the shape in the site file (width_m, manoeuvre, holes …).
    """

    model_config = ConfigDict(extra="forbid")
    id: Annotated[str, Field(pattern=r"^[\w.-]{1,64}$")]
    what: Literal["zones", "boundaries", "lanes"]
    kind: Annotated[str, Field(max_length=16)] = ""
    points: Annotated[list[Point], Field(min_length=2, max_length=200)]
    on_ground: bool = False
    more: Annotated[dict[str, Any], Field(max_length=20)] = {}


class DraftIn(BaseModel):
    """Shapes of one camera's still; together they take the place of those it had. from_ms, to_ms: the day's stretch."""

    model_config = ConfigDict(extra="forbid")
    camera: Annotated[str, Field(max_length=64)]
    shapes: Annotated[list[ShapeIn], Field(max_length=100)]
    replaces: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=200)] = []
    from_ms: Annotated[int, Field(ge=0, le=2**53)] | None = None
    to_ms: Annotated[int, Field(ge=0, le=2**53)] | None = None


@router.get("/drawn/{camera}", summary="A site's shapes as they lie in one camera's picture")
async def drawn(
    site_id: SiteId, camera: str, hub: TheHub, person: Annotated[Person, needs(Right.SEARCH)]
) -> list[dict[str, Any]]:
    site = _site(await plan_of(hub, person, site_id), site_id)
    return _drawn(site, _camera(site, camera))


@router.post("/draft", summary="Check a draft, and try it on a stretch of a recorded day")
async def try_draft(
    site_id: SiteId, body: DraftIn, hub: TheHub, person: Annotated[Person, needs(Right.SEARCH)]
) -> dict[str, Any]:
    """yaml: the shapes as the site file takes them. Of the stretch, if one was named: tracks, movements, and the
    camera's clips that are here.
    """
    plan = await plan_of(hub, person, site_id)
    site, fragment = await run_in_threadpool(_drafted, plan, site_id, body)
    sightings: list[Sighting] = []
    clips: list[dict[str, Any]] = []
    if body.from_ms is not None and body.to_ms is not None:
        if person.may(Right.WATCH):
            clips = await _clips(hub, site_id, body.camera, body.from_ms, body.to_ms)
        sightings = await _sightings(hub, person, site_id, body.from_ms, min(body.to_ms, body.from_ms + _LONGEST_MS))
    movements = await run_in_threadpool(_movements, site, sightings)
    drawn_on = {s["id"] for s in _drawn(site, _camera(site, body.camera))}
    return {
        "yaml": yaml.safe_dump(fragment, allow_unicode=True, sort_keys=False, default_flow_style=None, width=120),
        "tracks": _tracks(sightings, body.camera),
        "movements": [to_plain(m) for m in movements if m.shape in drawn_on],
        "clips": clips,
    }


def _site(plan: dict[str, Any], site_id: str) -> Site:
    """The site as far as its plan tells. Raises HTTP 404 before it has, 422 naming what is wrong with it."""
    if not plan.get("cameras"):
        raise HTTPException(404, "this site has not told its plan")
    cameras = [{**c, "address": "file:none"} for c in plan.get("cameras", [])]
    scales = [{**s, "address": "replay:none"} for s in plan.get("scales", [])]
    known = {**plan, "id": site_id, "name": {"zh": site_id}, "cameras": cameras, "scales": scales}
    try:
        return Site.model_validate(known)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise HTTPException(422, f"{where}: {first['msg']}") from error


def _camera(site: Site, camera_id: str) -> Camera:
    camera = next((c for c in site.cameras if c.id == camera_id), None)
    if camera is None:
        raise HTTPException(404, "no such camera")
    return camera


def _drawn(site: Site, camera: Camera) -> list[dict[str, Any]]:
    """Shapes drawn on a camera's picture, and those on the ground that it shows, as points of its picture."""
    plane = camera_plane(camera)
    out: list[dict[str, Any]] = []
    for what, shapes in (("zones", site.zones), ("boundaries", site.boundaries), ("lanes", site.lanes)):
        for shape in shapes:
            points = np.array(shape.image or shape.ground, dtype=np.float64)
            if shape.ground:
                points = plane.to_image(points) if plane is not None else np.empty((0, 2))
            elif shape.camera != camera.id:
                continue
            if len(points) and np.isfinite(points).all():
                more = shape.model_dump(mode="json", by_alias=True, exclude_defaults=True)
                kept = {k: v for k, v in more.items() if k not in ("id", "ground", "image", "camera", "kind")}
                kind = getattr(shape, "kind", "")
                place = {"points": points.round(1).tolist(), "on_ground": bool(shape.ground)}
                out.append({"id": shape.id, "what": what, "kind": kind, **place, "more": kept})
    return out


def _drafted(plan: dict[str, Any], site_id: str, draft: DraftIn) -> tuple[Site, dict[str, Any]]:
    """The site with the draft in it, and the draft as the site file says it. Raises HTTP 422."""
    camera = _camera(_site(plan, site_id), draft.camera)
    plane = camera_plane(camera)
    gone = {*draft.replaces, *(s.id for s in draft.shapes)}
    fragment: dict[str, Any] = {}
    for shape in draft.shapes:
        said: dict[str, Any] = {"id": shape.id, **({"kind": shape.kind} if shape.what == "zones" else {})}
        if shape.on_ground:
            if plane is None:
                raise HTTPException(422, f"{shape.id}: this camera has no surveyed points; draw it in the picture")
            ground = plane.to_ground(np.array(shape.points, dtype=np.float64))
            if not np.isfinite(ground).all():
                raise HTTPException(422, f"{shape.id}: a point lies above the horizon")
            said["ground"] = ground.round(2).tolist()
        else:
            said |= {"camera": draft.camera, "image": [[round(x, 1), round(y, 1)] for x, y in shape.points]}
        fragment.setdefault(shape.what, []).append({**shape.more, **said})
    both = {w: [s for s in plan.get(w, []) if s["id"] not in gone] for w in ("zones", "boundaries", "lanes")}
    site = _site({**plan, **{w: [*kept, *fragment.get(w, [])] for w, kept in both.items()}}, site_id)
    try:
        site_shapes(site)
    except SiteError as error:
        raise HTTPException(422, str(error)) from error
    return site, fragment


async def _sightings(hub: Hub, person: Person, site_id: str, from_ms: int, to_ms: int) -> list[Sighting]:
    """What a site recorded in a stretch of time. Raises HTTP 502 where it cannot be reached from here."""
    base = await live_base(hub, person, site_id)
    if base is None:
        raise HTTPException(502, "the hub does not reach this site; its recorded day stays there")
    try:
        async with httpx.AsyncClient(timeout=30) as client:
            answer = await client.get(f"{base}/tracks", params={"from_ms": from_ms, "to_ms": to_ms})
        if answer.status_code != 200 or len(answer.content) > _MOST_BYTES:
            raise HTTPException(502, "the site sent no tracks")
        return [from_plain(Sighting, row) for row in answer.json()]
    except (httpx.HTTPError, FactError, ValueError) as error:
        raise HTTPException(502, "the site does not answer") from error


async def _clips(hub: Hub, site: str, camera: str, from_ms: int, to_ms: int) -> list[dict[str, Any]]:
    """One camera's clips, the weight burned in, of the passages in a stretch. start_ms: when one begins."""
    passages = select(Passage.id).where(Passage.site == site, Passage.start_ms < to_ms, Passage.end_ms > from_ms)
    query = select(File.id, File.name).where(
        File.site == site, File.owner.in_(passages), File.complete, File.media_type == "video/mp4"
    )
    begins = re.compile(re.escape(camera) + r"-(\d{13})\.mp4")
    async with hub.store.read() as session:
        found = [(row.id, begins.fullmatch(row.name)) for row in await session.execute(query)]
    clips = [{"id": id_, "start_ms": int(match[1])} for id_, match in found if match is not None]
    return sorted(clips, key=lambda clip: clip["start_ms"])


def _movements(site: Site, sightings: list[Sighting]) -> list[Movement]:
    """What the vehicles did relative to the shapes, as the gate itself would say it."""
    fence = SiteFence(site_shapes(site), site_planes(site))
    found: list[Movement] = []
    for t_ms, instant in groupby(sightings, key=lambda s: s.t_ms):
        for camera, seen in groupby(sorted(instant, key=lambda s: s.camera), key=lambda s: s.camera):
            found += fence.update(t_ms, camera, [(s.vehicle, s.box, s.ground, s.kind) for s in seen])
        found += fence.expire(t_ms)
    return found + fence.close()


def _tracks(sightings: list[Sighting], camera: str) -> list[dict[str, Any]]:
    """Where each vehicle stood in one camera's picture: [UTC ms, x, y] of the middle of its box's lower edge."""
    tracks: dict[str, dict[str, Any]] = {}
    for s in sightings:
        if s.camera == camera:
            track = tracks.setdefault(s.vehicle, {"vehicle": s.vehicle, "kind": s.kind.value, "points": []})
            track["points"].append([s.t_ms, round((s.box[0] + s.box[2]) / 2, 1), round(s.box[3], 1)])
    return list(tracks.values())
