"""Findings without a passage are sealed too: once an occasion, with what came before and after."""

import json
from dataclasses import replace
from pathlib import Path

from gate.evidence import EvidenceStore, KeyRing
from gate.evidence.report import Standing
from gate.evidence.verify import verify
from gate.facts import WeightSample
from gate.records import Finding, Severity
from gate.sealing.dossier import BEFORE_FINDING_MS, Dossier, seal
from gate.sealing.occasions import AGAIN_MS, POST_ROLL_MS, Occasions
from tests.gate.fraud.scene import site

T_MS = 1_762_000_000_000
FINDING = Finding(
    "east:bridge/weight_empty_deck", T_MS, "east", "weight_empty_deck", Severity.SERIOUS, 0.9, "空秤", "e"
)


def test_an_occasion_is_due_once_when_its_post_roll_is_over() -> None:
    occasions = Occasions()
    occasions.take([FINDING])
    assert occasions.due(T_MS + POST_ROLL_MS) == []
    assert occasions.due(T_MS + POST_ROLL_MS + 1) == [FINDING]
    assert occasions.due(T_MS + 10 * POST_ROLL_MS) == []


def test_what_comes_and_goes_is_sealed_once_in_a_while_and_again_another_time() -> None:
    occasions = Occasions()
    soon, later = replace(FINDING, t_ms=T_MS + 1000), replace(FINDING, t_ms=T_MS + AGAIN_MS)
    occasions.take([FINDING, soon, later])
    assert occasions.due(T_MS + 2 * AGAIN_MS) == [FINDING, later]


def test_findings_of_passages_and_withdrawals_are_no_occasions() -> None:
    occasions = Occasions()
    occasions.take([replace(FINDING, passage="p1"), replace(FINDING, state="withdrawn")])
    assert occasions.due(T_MS + AGAIN_MS) == []


def test_a_finding_without_a_passage_is_a_bundle_that_says_why_there_is_no_video(tmp_path: Path) -> None:
    store = EvidenceStore(tmp_path / "evidence", KeyRing(tmp_path / "keys"), "east")
    where = site()
    readings = tuple(WeightSample(T_MS + i, where.scales[0].id, 1_200.0) for i in range(-1000, 1000, 100))
    for finding in (FINDING, replace(FINDING, t_ms=T_MS + AGAIN_MS)):
        dossier = Dossier(None, (finding,), readings)
        assert dossier.span_ms == (finding.t_ms - BEFORE_FINDING_MS, finding.t_ms + POST_ROLL_MS)
        bundle = seal(dossier, where, footage={}, models={}, store=store, sealed_ms=finding.t_ms)
        assert bundle.id == dossier.id
    manifest = json.loads((bundle.path / "manifest.json").read_bytes())
    assert (manifest["subject"]["kind"], manifest["subject"]["passage"]) == ("finding", None)
    assert {g["device"] for g in manifest["gaps"]} == {c.id for c in where.cameras}
    assert verify(tmp_path / "evidence").standing is Standing.VALID
    assert len({b.id for b in store.bundles()}) == 2
