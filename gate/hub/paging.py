"""Pages of a list, newest first, by a stable position instead of an offset."""

from typing import Any

from fastapi import HTTPException
from pydantic import BaseModel
from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.orm import InstrumentedAttribute


class Page(BaseModel):
    """One page of a list. next: pass it as `after` for the page that follows, None at the end."""

    items: list[dict[str, Any]]
    next: str | None = None


def cursor(t_ms: int, row_id: str | int) -> str:
    return f"{t_ms}~{row_id}"


def before(time: InstrumentedAttribute[int], key: InstrumentedAttribute[Any], after: str) -> ColumnElement[bool]:
    """The condition of rows that follow a cursor. Raises HTTP 422 on a cursor nobody gave out."""
    t_text, mark, row_id = after.partition("~")
    if not mark or not t_text.isascii() or not t_text.isdigit() or int(t_text) > 2**53 or "\0" in row_id:
        raise HTTPException(422, "after: not a position this list gave out")
    if key.type.python_type is int:
        if not row_id.isascii() or not row_id.isdigit() or int(row_id) > 2**53:
            raise HTTPException(422, "after: not a position this list gave out")
        return or_(time < int(t_text), and_(time == int(t_text), key < int(row_id)))
    return or_(time < int(t_text), and_(time == int(t_text), key < row_id))
