"""Insider: weights or plates edited by hand, slips printed again, the configuration changed."""

from collections.abc import Sequence

from gate.facts import Fact, Operation
from gate.fraud.rule import Context, Rule, Signal, Verdict
from gate.records import Passage, Severity

_WORDS = {
    "weight_edited": ("手工修改了重量", "edited a weight by hand"),
    "plate_edited": ("手工修改了号牌", "edited a plate by hand"),
    "unstable_saved": ("保存了不稳定重量", "saved an unstable weight"),
    "slip_reprinted": ("重复打印磅单", "printed a slip again"),
    "configuration_changed": ("更改了站点配置", "changed the site's configuration"),
}


class OperationWatch:
    """Speaks of every operation that can hide a fraud; each one is a finding of its own."""

    def update(
        self, facts: Sequence[Fact], passages: Sequence[Passage], context: Context
    ) -> Sequence[tuple[str, Verdict | None]]:
        telling = [f for f in facts if isinstance(f, Operation) and f.action in _WORDS]
        return [(f"{f.action}@{f.t_ms}", _verdict(f)) for f in telling]


def _verdict(operation: Operation) -> Verdict:
    zh, en = _WORDS[operation.action]
    about_zh = f"({operation.target})" if operation.target else ""
    about_en = f" ({operation.target})" if operation.target else ""
    return Verdict(
        confidence=1.0,
        zh=f"{operation.actor} {zh}{about_zh},请核对原因:{operation.detail or '未填写'}。",
        en=f"{operation.actor} {en}{about_en}; check the reason given: {operation.detail or 'none'}.",
        evidence=tuple(filter(None, (operation.target,))),
    )


RULE = Rule(
    id="insider",
    version=1,
    severity=Severity.WARNING,
    needs=frozenset({Signal.DEVICE}),
    zh="内部人员",
    en="insider",
    watch=OperationWatch,
)
