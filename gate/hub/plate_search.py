"""Plates as people search them: wildcards, and one forgiven character."""

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

_ESCAPE = "\\"


def plate_patterns(wanted: str, near: bool) -> list[str]:
    """LIKE patterns (escape character backslash) that together match a plate.

    `*` stands for any characters, `?` for one. near: also what differs by one wrong, missing or added character.
    """
    tokens = [_token(c) for c in wanted.strip().upper().replace(" ", "").replace("·", "")]
    patterns = {"".join(tokens)}
    if near:
        for i in range(len(tokens)):
            patterns.add("".join([*tokens[:i], "_", *tokens[i + 1 :]]))
            patterns.add("".join([*tokens[:i], *tokens[i + 1 :]]))
        patterns |= {"".join([*tokens[:i], "_", *tokens[i:]]) for i in range(len(tokens) + 1)}
    return sorted(patterns - {""})


def plate_matches(column: InstrumentedAttribute[str], wanted: str, near: bool) -> list[ColumnElement[bool]]:
    """Conditions of which one holds for a plate that is searched for; never empty."""
    patterns = plate_patterns(wanted, near) or [""]
    return [column.like(p, escape=_ESCAPE) for p in patterns]


def _token(character: str) -> str:
    if character in ("*", "＊"):
        return "%"
    if character in ("?", "？"):
        return "_"
    return _ESCAPE + character if character in ("%", "_", _ESCAPE) else character
