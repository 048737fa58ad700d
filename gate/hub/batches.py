"""What a site sends at once, and what it is answered."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from gate.hub.heartbeat import Heartbeat

Seq = Annotated[int, Field(ge=1, le=2**53)]


class MessageIn(BaseModel):
    """One message of a site. seq: its number in the outbox, from 1, without holes."""

    model_config = ConfigDict(extra="forbid")
    id: Annotated[str, Field(min_length=1, max_length=256)]
    seq: Seq
    kind: Literal["passage", "finding", "device", "heartbeat", "plan", "register", "order"]
    body: dict[str, Any]


class Batch(BaseModel):
    """Messages of one outbox. stream: the outbox's own id, new when the outbox is new."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "stream": "7d0c2f3a",
                    "messages": [
                        {
                            "id": "dev-camera-1-1760000000000",
                            "seq": 1,
                            "kind": "device",
                            "body": {"t_ms": 1760000000000, "device": "camera-1", "state": "ok"},
                        }
                    ],
                    "heartbeat": {"t_ms": 1760000000000, "cameras": [{"id": "camera-1", "name": {"zh": "出口"}}]},
                }
            ]
        },
    )
    stream: Annotated[str, Field(pattern=r"^[\w-]{1,64}$")]
    messages: Annotated[list[MessageIn], Field(max_length=500)] = []
    heartbeat: Heartbeat | None = None


class Rejected(BaseModel):
    """A message that says nothing the hub can keep; sending it again does not help."""

    id: str
    seq: int
    reason: str


class Receipt(BaseModel):
    """What the hub has of an outbox now.

    contiguous: every number up to it is stored. gaps: ranges, both ends included, missing under `highest`.
    """

    stream: str
    contiguous: int
    highest: int
    gaps: list[tuple[int, int]]
    stored: list[int]
    duplicates: list[int]
    rejected: list[Rejected]
