"""Statistics: passages, weights and alerts by day, month, year, site, mine or product."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import ColumnElement, select

from gate.hub.context import Person, TheHub, needs
from gate.hub.roles import Right
from gate.hub.tables import Alert, Passage, Site

router = APIRouter(prefix="/api/v1/figures", tags=["figures"])

By = Literal["hour", "day", "month", "year", "site", "mine", "product"]
_FORMS = {"hour": "%Y-%m-%d %H", "day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}


class FigureFilter(BaseModel):
    by: By = "day"
    site: Annotated[str, Query(max_length=64)] = ""
    from_ms: Annotated[int, Query(ge=0, le=2**53)] = 0
    to_ms: Annotated[int, Query(ge=0, le=2**53)] = 2**53


@dataclass(slots=True)
class _Sum:
    passages: int = 0
    weighed: int = 0
    weight_kg: float = 0.0
    alerts: dict[int, int] = field(default_factory=dict)


@router.get("", summary="Sums per day, month, year, site, mine or product")
async def figures(
    hub: TheHub, person: Annotated[Person, needs(Right.SEARCH)], asked: Annotated[FigureFilter, Query()]
) -> list[dict[str, Any]]:
    """weight_kg: the sum of the heaviest weight of each passage. alerts: numbers by grade, withdrawn ones aside.

    mine: as the site's file names it; "" for sites that name none.
    """
    sums: dict[str, _Sum] = {}
    passages = select(Passage.start_ms, Passage.site, Passage.product, Passage.weight_kg).where(
        *_where(person, asked, Passage.start_ms, Passage.site)
    )
    alerts = (
        select(Alert.t_ms, Alert.site, Passage.product, Alert.severity)
        .outerjoin(Passage, (Passage.id == Alert.passage) & (Passage.site == Alert.site))
        .where(Alert.state != "withdrawn", *_where(person, asked, Alert.t_ms, Alert.site))
    )
    async with hub.store.read() as session:
        mines = {row.id: row.mine for row in await session.execute(select(Site.id, Site.mine))}
        group = _grouping(asked.by, hub.settings.timezone, mines)
        for t_ms, site, product, weight_kg in await session.execute(passages):
            one = sums.setdefault(group(t_ms, site, product), _Sum())
            one.passages += 1
            if weight_kg is not None:
                one.weighed += 1
                one.weight_kg += weight_kg
        for t_ms, site, product, severity in await session.execute(alerts):
            counts = sums.setdefault(group(t_ms, site, product or ""), _Sum()).alerts
            counts[severity] = counts.get(severity, 0) + 1
    return [
        {
            "key": key,
            "passages": s.passages,
            "weighed": s.weighed,
            "weight_kg": round(s.weight_kg, 1),
            "alerts": {str(grade): s.alerts.get(grade, 0) for grade in (1, 2, 3, 4)},
        }
        for key, s in sorted(sums.items())
    ]


def _where(person: Person, asked: FigureFilter, time: Any, site: Any) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [time >= asked.from_ms, time < asked.to_ms]
    if person.sites is not None:
        where.append(site.in_(person.sites))
    if asked.site:
        where.append(site == asked.site)
    return where


def _grouping(by: By, timezone: str, mines: Mapping[str, str]) -> Callable[[int, str, str], str]:
    """What a row is counted under. Days are days of the hub's own time zone."""
    if by == "site":
        return lambda _t, site, _product: site
    if by == "mine":
        return lambda _t, site, _product: mines.get(site, "")
    if by == "product":
        return lambda _t, _site, product: product
    zone, form = ZoneInfo(timezone), _FORMS[by]
    return lambda t_ms, _site, _product: f"{datetime.fromtimestamp(t_ms / 1000, zone):{form}}"
