"""Evidence: what was seen, sealed so that it can be proved years later to someone who trusts nobody."""

from gate.evidence.draft import (
    Attachment,
    BundleDraft,
    CameraClock,
    Clip,
    ClockOffset,
    Gap,
    ModelUse,
    PlateCrop,
    RuleUse,
)
from gate.evidence.keys import KeyRing
from gate.evidence.store import EvidenceStore, SealedBundle

__all__ = [
    "Attachment",
    "BundleDraft",
    "CameraClock",
    "Clip",
    "ClockOffset",
    "EvidenceStore",
    "Gap",
    "KeyRing",
    "ModelUse",
    "PlateCrop",
    "RuleUse",
    "SealedBundle",
]
