"""Forbidden area (闯入禁区): a vehicle, or the tail of one that swings, comes into an area the site keeps clear."""

from gate.fraud.passage_facts import plate_or_unread, zones_of
from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.records import Passage, Severity
from geofence.movement import MovementKind


def _judge(passage: Passage, context: Context) -> Verdict | None:
    areas = zones_of(context.site, "forbidden")
    entered = [m for m in passage.movements if m.kind is MovementKind.ENTERED and m.shape in areas]
    if not entered:
        return None
    zh, en = plate_or_unread(passage)
    area = next(z for z in context.site.zones if z.id == entered[-1].shape)
    area_zh, area_en = (area.name.zh, area.name.en or area.id) if area.name else (area.id, area.id)
    return Verdict(
        confidence=0.9,
        zh=f"{zh} 进入禁区“{area_zh}”,请令其驶离并查明原因。",
        en=f"{en} has driven into forbidden area {area_en}; have it leave and find out why.",
        evidence=passage.vehicles,
    )


RULE = Rule(
    id="forbidden_area",
    version=1,
    severity=Severity.SERIOUS,
    needs=frozenset({Signal.ZONE}),
    zh="闯入禁区",
    en="forbidden area",
    judge=_judge,
)
