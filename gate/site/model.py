"""What a site file may say, as a whole."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from gate.site.areas import Boundary, Id, Lane, Name, Part, SatelliteZone, Zone
from gate.site.devices import Barrier, Beam, Camera, Positions, Scale, Scanner


class Registers(Part):
    """Files the gate checks against, relative to the site file."""

    tickets: Path | None = None  # signed tickets, one JSON line each
    issuers: tuple[str, ...] = ()  # Ed25519 public keys in hex whose tickets count
    vehicles: Path | None = None  # plate, kind, owner, tare, allowed products


class HubLink(Part):
    """Where findings and passages are sent. token_file: the device token the hub issued.

    mqtt: a broker the messages go by instead; its user is the site's id, its password the device token. Files go to
    `url` all the same. originals: send the original clips too, behind everything else. ca_file: certificate
    authority of hub and broker where the system does not know it.
    """

    url: str = Field(pattern=r"^https?://")
    token_file: Path
    mqtt: str | None = Field(default=None, pattern=r"^mqtts?://[\w.\[\]:-]+$")
    originals: bool = True
    ca_file: Path | None = None


class Store(Part):
    """Where facts, evidence and the outbox are kept, relative to the site file."""

    directory: Path = Path("var")
    footage_days: float = Field(default=30, gt=0)
    footage_gb: float = Field(default=500, gt=0)
    evidence_days: float = Field(default=730, gt=0)  # then deleted under a signed tombstone, unless a case locks it
    c2pa: bool = False  # a C2PA manifest in each burned-in clip; needs the extra "c2pa"
    time_server: str | None = Field(default=None, pattern=r"^https?://")  # RFC 3161: stamps the evidence chain


class Recording(Part):
    """The instant recorded inputs begin at."""

    start: datetime

    @field_validator("start")
    @classmethod
    def _zoned(cls, start: datetime) -> datetime:
        if start.tzinfo is None:
            raise ValueError("a time with its offset, such as 2026-11-01T08:00:00+08:00")
        return start


class RuleSettings(Part):
    """One rule's switches; `thresholds` override the rule's own defaults by name."""

    enabled: bool = True
    severity: int | None = Field(default=None, ge=1, le=4)
    thresholds: dict[str, float] = Field(default={})


class Api(Part):
    """The site's own pages, on this machine unless told otherwise."""

    host: str = "127.0.0.1"
    port: int = Field(default=8420, ge=0, le=65535)


class Site(Part):
    """One gate, everything about it. mine: the mine, washery or depot it belongs to, for statistics by mine."""

    id: Id
    name: Name
    mine: Annotated[str, Field(max_length=200)] = ""
    language: Literal["zh", "en"] = "zh"
    timezone: str = "Asia/Shanghai"
    cameras: tuple[Camera, ...] = Field(min_length=1)
    zones: tuple[Zone, ...] = ()
    boundaries: tuple[Boundary, ...] = ()
    lanes: tuple[Lane, ...] = ()
    satellite: tuple[SatelliteZone, ...] = ()
    positions: Positions | None = None
    scales: tuple[Scale, ...] = ()
    beams: tuple[Beam, ...] = ()
    barriers: tuple[Barrier, ...] = ()
    scanners: tuple[Scanner, ...] = ()
    registers: Registers = Registers()
    rules: dict[str, RuleSettings] = Field(default={})
    hub: HubLink | None = None
    store: Store = Store()
    recording: Recording | None = None
    api: Api = Api()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ids = [
            p.id
            for g in (
                self.cameras,
                self.zones,
                self.boundaries,
                self.lanes,
                self.scales,
                self.beams,
                self.barriers,
                self.scanners,
                self.satellite,
            )
            for p in g
        ]
        seen: set[str] = set()
        for part_id in ids:
            if part_id in seen:
                raise ValueError(f"id {part_id!r} is used twice")
            seen.add(part_id)
        cameras = {c.id for c in self.cameras}
        zones = {z.id: z for z in self.zones}
        for shape in (*self.zones, *self.boundaries, *self.lanes):
            if shape.camera is not None and shape.camera not in cameras:
                raise ValueError(f"{shape.id!r} is drawn on camera {shape.camera!r}, which does not exist")
        scales = {s.id for s in self.scales}
        for beam in self.beams:
            if beam.scale is not None and beam.scale not in scales:
                raise ValueError(f"beam {beam.id!r} guards scale {beam.scale!r}, which does not exist")
        for scale in self.scales:
            if scale.deck not in zones or zones[scale.deck].kind != "deck":
                raise ValueError(f"scale {scale.id!r} names deck {scale.deck!r}, which is no zone of kind 'deck'")
        return self

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        zones, scales = {z.id for z in self.zones}, {s.id for s in self.scales}
        named = [(f"lane {lane.id!r}", zone) for lane in self.lanes for zone in lane.manoeuvre]
        named += [(f"barrier {barrier.id!r}", barrier.zone) for barrier in self.barriers]
        named += [(f"scanner {scanner.id!r}", scanner.zone) for scanner in self.scanners]
        for who, zone in named:
            if zone not in zones:
                raise ValueError(f"{who} names zone {zone!r}, which does not exist")
        for barrier in self.barriers:
            if barrier.scale is not None and barrier.scale not in scales:
                raise ValueError(f"barrier {barrier.id!r} names scale {barrier.scale!r}, which does not exist")
        return self
