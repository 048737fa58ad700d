"""From the site file's cameras to what their workers are told."""

from pathlib import Path

import numpy as np

from gate.site.devices import Camera
from gate.site.model import Site
from gate.site.shapes import camera_plane, site_shapes
from models.zoo import WEIGHTS, weights
from vision.config import CameraConfig, ModelFile, live_width
from vision.overlay import Zones
from vision.record import Retention

DETECTOR, LOCATOR, READER, ATTRIBUTES = "vehicle-detector", "plate-detector", "reader", "attributes"
FAR_PX = 1e5  # a zone that reaches further lies partly behind the camera and is not drawn
_DAY_MS = 86_400_000


def camera_config(
    site: Site, camera: Camera, base: Path, *, footage: Path | None, first_number: int = 1
) -> CameraConfig:
    """What one camera's worker needs to know.

    base: folder that relative clip addresses start from. footage: where its packets are recorded, None to keep none.
    Raises ModelError when a model is missing, SiteError for points that give no plane.
    """
    share = 1 / len(site.cameras)
    lens = camera.lens
    return CameraConfig(
        id=camera.id,
        name=camera.name.in_language(site.language),
        site=site.name.in_language(site.language),
        address=_resolve(camera.address, base),
        size=camera.size,
        start_ms=recording_start_ms(site),
        language=site.language,
        zone=site.timezone,
        detector=_model(DETECTOR),
        locator=_model(LOCATOR) if camera.read_plates else None,
        reader=_model(READER) if camera.read_plates else None,
        attributes=_model(ATTRIBUTES),
        points=tuple((p.image, p.ground) for p in camera.points),
        lens=(lens.fx, lens.fy, lens.cx, lens.cy) if lens else None,
        distortion=lens.distortion if lens else (0, 0, 0, 0, 0),
        record_dir=footage,
        retention=Retention(round(site.store.footage_days * _DAY_MS), round(site.store.footage_gb * share * 10**9)),
        zones=zone_outlines(site, camera),
        marks="live" in camera.marks,
        first_number=first_number,
        live_width=live_width(len(site.cameras)),
        latency_ms=camera.latency_ms,
        camera_time=camera.time == "camera",
    )


def recording_start_ms(site: Site) -> int:
    """The instant recorded inputs begin at, the Unix epoch where the site file does not say."""
    return round(site.recording.start.timestamp() * 1000) if site.recording else 0


def model_digests() -> dict[str, str]:
    """SHA-256 of every model a camera uses, by name."""
    return {name: weights(name)[1].sha256 for name in (DETECTOR, LOCATOR, READER, ATTRIBUTES)}


def _model(name: str) -> ModelFile:
    path, _ = weights(name)
    return ModelFile(path, WEIGHTS / f"{name}.json")


def _resolve(address: str, base: Path) -> str:
    """A recorded clip's address with its path made absolute; other addresses as they are."""
    scheme, _, target = address.partition(":")
    return f"{scheme}:{(base / target).resolve()}" if scheme in ("file", "play") else address


def zone_outlines(site: Site, camera: Camera) -> Zones:
    """Zones as this camera sees them, in pixels: those drawn on it, and those on the ground through its plane."""
    shapes, plane = site_shapes(site), camera_plane(camera)
    names = {z.id: z.name.in_language(site.language) if z.name else z.id for z in site.zones}
    out = []
    for zone in shapes.zones:
        ring = np.array(zone.ring, dtype=np.float64)
        if zone.camera is None and plane is not None:
            ring = plane.to_image(ring)
        elif zone.camera != camera.id:
            continue
        if np.abs(ring).max() < FAR_PX:
            out.append((names[zone.id], tuple((float(x), float(y)) for x, y in ring)))
    return tuple(out)
