"""What a verification found: each problem with its file, field and link, in words for people."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any


class Standing(IntEnum):
    """The outcome, as the exit status of `gatewarden evidence verify` has it."""

    VALID = 0
    TAMPERED = 1
    INCOMPLETE = 3


NOTE, MISSING, TAMPERED = "note", "missing", "tampered"

_SAYINGS: dict[str, tuple[str, str, str]] = {
    # code: (level, Chinese, English)
    "altered": (TAMPERED, "文件内容被更改", "the file's content was changed"),
    "resized": (TAMPERED, "文件长度被更改", "the file's length was changed"),
    "swapped": (TAMPERED, "文件被换成另一个文件的内容", "the file holds the content of another one"),
    "unlisted": (TAMPERED, "清单中没有的文件", "a file the manifest does not list"),
    "irregular": (TAMPERED, "不是普通文件", "no regular file"),
    "unreadable": (TAMPERED, "内容无法解读", "cannot be understood"),
    "field_altered": (TAMPERED, "字段被更改", "the field was changed"),
    "field_differs": (TAMPERED, "字段与其他记录不符", "the field contradicts another record"),
    "bad_signature": (TAMPERED, "签名不符：内容被更改或不是所称密钥所签", "the signature does not hold"),
    "wrong_key": (TAMPERED, "密钥不被认可", "the key may not sign this"),
    "wrong_fingerprint": (TAMPERED, "不是所给指纹的密钥", "not signed under the fingerprint given"),
    "voucher_gone": (TAMPERED, "缺少为其他文件作证的文件", "a file that vouches for the others is gone"),
    "broken_link": (TAMPERED, "链条断裂：有记录被删除、插入、调换或更改", "the link to the entry before is broken"),
    "bad_entry": (TAMPERED, "链条记录不成立", "the chain entry cannot stand"),
    "chain_cut": (TAMPERED, "链条末尾被截去", "the end of the chain was cut off"),
    "head_wrong": (TAMPERED, "链首与链条不符", "the head contradicts the chain"),
    "bundle_removed": (TAMPERED, "证据包被移除且无删除凭证", "the bundle was removed, and no tombstone says so"),
    "bundle_foreign": (TAMPERED, "证据包不在链条中", "the bundle is not in the chain"),
    "receipt_wrong": (TAMPERED, "平台会签与链条不符", "the hub counter-signed another chain than this"),
    "token_wrong": (TAMPERED, "时间戳与记录不符", "the time token does not hold"),
    "proof_wrong": (TAMPERED, "包含证明不成立", "the inclusion proof does not hold"),
    "file_gone": (MISSING, "文件缺失", "the file is missing"),
    "head_gone": (MISSING, "链首缺失，无法判断末尾是否被截", "the head is missing: a cut-off end would not show"),
    "head_behind": (MISSING, "链首落后一条：写入曾中断", "the head is one entry behind: writing was interrupted"),
    "entry_unfinished": (MISSING, "最后一条记录未写完", "the last entry is unfinished"),
    "seal_unfinished": (MISSING, "证据包已签名但尚未入链", "the bundle is signed but not yet in the chain"),
    "doubtful": (MISSING, "签名时所用密钥后来声明不可信", "signed when its key, as declared later, was in doubt"),
    "bundle_left": (NOTE, "已删除的证据包仍在", "deleted under retention, yet still here"),
    "leftover": (NOTE, "中断写入的残余", "left over from interrupted writing"),
    "foreign_file": (NOTE, "不属于证据库的文件", "a file that is no part of the store"),
    "clock_back": (NOTE, "时钟曾回拨", "the clock had been set back"),
    "gap": (NOTE, "封存时已声明的缺口", "a gap declared when it was sealed"),
    "no_fingerprint": (
        NOTE,
        "未给出指纹：请与纸面记录核对",
        "no fingerprint was given: compare this one with the paper record",
    ),
    "unknown_hub": (NOTE, "平台密钥未经核对", "the hub's key was not compared with anything"),
}


def words() -> dict[str, dict[str, str]]:
    """The sayings by code: level, zh, en."""
    return {code: {"level": level, "zh": zh, "en": en} for code, (level, zh, en) in _SAYINGS.items()}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing found. file, field and link say where; detail gives the values that decided it."""

    code: str
    file: str = ""
    field: str = ""
    link: str = ""
    detail: str = ""

    @property
    def level(self) -> str:
        """ "tampered", "missing" or "note"."""
        return _SAYINGS[self.code][0]

    def say(self, language: str = "en") -> str:
        """One line for a person."""
        _, zh, en = _SAYINGS[self.code]
        where = " ".join(part for part in (self.file, self.field and f"[{self.field}]", self.link) if part)
        text = (zh if language == "zh" else en) + (f" ({self.detail})" if self.detail else "")
        return f"{where}: {text}" if where else text

    def to_json(self) -> dict[str, str]:
        return {
            "level": self.level,
            "code": self.code,
            "file": self.file,
            "field": self.field,
            "link": self.link,
            "detail": self.detail,
            "zh": self.say("zh"),
            "en": self.say("en"),
        }


@dataclass(slots=True)
class Report:
    """The outcome of one verification. fingerprint: of the site's first key; signer: of the one that signed last."""

    kind: str
    site: str = ""
    fingerprint: str = ""
    signer: str = ""
    bundles: int = 0
    files: int = 0
    bytes: int = 0
    entries: int = 0
    counter_signed: int = 0
    time_stamped_ms: int | None = None
    problems: list[Problem] = field(default_factory=list)

    @property
    def standing(self) -> Standing:
        levels = {p.level for p in self.problems}
        if TAMPERED in levels:
            return Standing.TAMPERED
        return Standing.INCOMPLETE if MISSING in levels else Standing.VALID

    def add(self, problems: Iterable[Problem]) -> None:
        self.problems.extend(problems)

    def to_json(self) -> dict[str, Any]:
        return {
            "standing": self.standing.name.lower(),
            "kind": self.kind,
            "site": self.site,
            "fingerprint": self.fingerprint,
            "signer": self.signer,
            "bundles": self.bundles,
            "files": self.files,
            "bytes": self.bytes,
            "entries": self.entries,
            "counter_signed": self.counter_signed,
            "time_stamped_ms": self.time_stamped_ms,
            "problems": [p.to_json() for p in self.problems],
        }
