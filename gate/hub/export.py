"""Passages and alerts as CSV or Parquet."""

import csv
import io
from collections import Counter
from typing import Annotated, Any, Literal

import pyarrow
import pyarrow.parquet
from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gate.hub.alert_book import alert_summary
from gate.hub.alerts import AlertFilter
from gate.hub.alerts import conditions as alert_conditions
from gate.hub.apply import passage_summary
from gate.hub.context import Hub, Person, TheHub, log_look, needs
from gate.hub.passages import PassageFilter
from gate.hub.passages import filtered as filtered_passages
from gate.hub.roles import Right
from gate.hub.tables import Alert, Passage

router = APIRouter(prefix="/api/v1/export", tags=["export"])

_MOST_ROWS = 200_000
_EXPORT = Annotated[Person, needs(Right.EXPORT)]
Form = Literal["csv", "parquet"]

_TYPES = {"severity": "int64", "level": "int64", "weight_kg": "float64", "confidence": "float64", "closed": "bool"}


def _schema(names: str) -> pyarrow.Schema:
    """Columns by name: instants are whole numbers, everything not told otherwise is text."""
    kinds = [_TYPES.get(n, "int64" if n.endswith("_ms") else "string") for n in names.split()]
    return pyarrow.schema([(n, pyarrow.type_for_alias(k)) for n, k in zip(names.split(), kinds, strict=True)])


_PASSAGES = _schema("id site start_ms end_ms kind plate colour weight_kg ticket product closed")
_ALERTS = _schema("id site finding rule severity t_ms received_ms state status passage plate zh en confidence level")


@router.get("/passages.{form}", summary="Passages as a table", response_class=Response)
async def export_passages(
    form: Form, hub: TheHub, person: _EXPORT, filters: Annotated[PassageFilter, Query()]
) -> Response:
    query = filtered_passages(select(Passage), person, filters).order_by(Passage.start_ms, Passage.id).limit(_MOST_ROWS)
    async with hub.store.read() as session:
        rows = [passage_summary(p) for p in (await session.execute(query)).scalars()]
    async with hub.store.write() as session:
        _log_export(session, hub, person, f"passages.{form}", rows, filters)
    return _table(form, "passages", rows, _PASSAGES)


@router.get("/alerts.{form}", summary="Alerts as a table", response_class=Response)
async def export_alerts(form: Form, hub: TheHub, person: _EXPORT, filters: Annotated[AlertFilter, Query()]) -> Response:
    query = select(Alert).where(*alert_conditions(person, filters)).order_by(Alert.t_ms, Alert.id).limit(_MOST_ROWS)
    async with hub.store.read() as session:
        rows = [alert_summary(a) for a in (await session.execute(query)).scalars()]
    async with hub.store.write() as session:
        _log_export(session, hub, person, f"alerts.{form}", rows, filters)
    return _table(form, "alerts", rows, _ALERTS)


def _log_export(  # noqa: PLR0917 - who, what and where to
    session: AsyncSession, hub: Hub, person: Person, table: str, rows: list[dict[str, Any]], filters: BaseModel
) -> None:
    """One entry in the audit log for each site whose rows leave, one without a site where none does."""
    counts = Counter(str(row["site"]) for row in rows)
    for site, count in sorted(counts.items()) or [("", 0)]:
        about = [site, f"{count} rows", filters.model_dump_json()]
        log_look(session, hub, person, "export", table, *about[not site :])


def _table(form: Form, name: str, rows: list[dict[str, Any]], schema: pyarrow.Schema) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"', "Cache-Control": "no-store"}
    if form == "parquet":
        sink = io.BytesIO()
        columns = {field: [row[field] for row in rows] for field in schema.names}
        pyarrow.parquet.write_table(pyarrow.table(columns, schema=schema), sink)
        return Response(sink.getvalue(), media_type="application/vnd.apache.parquet", headers=headers)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(schema.names)
    writer.writerows([_cell(row[field]) for field in schema.names] for row in rows)
    content = "\ufeff" + text.getvalue()  # the mark lets spreadsheets know it is UTF-8
    return Response(content.encode(), media_type="text/csv; charset=utf-8", headers=headers)


def _cell(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula is marked as text."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return value
