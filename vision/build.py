"""A camera's pipeline, put together from its configuration and the models it names."""

import numpy as np

from geofence.lens import LensModel
from geofence.plane import GroundPlane
from vision.attributes import VehicleAttributes
from vision.camera import CameraPipeline, PipelineSettings
from vision.card import load_card
from vision.config import CameraConfig, ModelFile
from vision.detect import VehicleDetector
from vision.engine import Engine, open_engine
from vision.errors import ModelError
from vision.plates.crop import rectify
from vision.plates.locate import PlateLocator
from vision.plates.read import PlateReader
from vision.plates.vote import PlateVote, sharpness
from vision.stages import PlateStages
from vision.track import TrackSettings

SURE = 0.35  # a vehicle begins at this score at least: at a gate, nineteen in twenty that score it are vehicles
UNSURE = 0.25  # what scores between the two may continue a track, not begin one: weaker boxes pull tracks apart


def build_pipeline(config: CameraConfig) -> CameraPipeline:
    """The pipeline a configuration describes. Raises ModelError, PlaneError."""
    if config.detector is None:
        raise ModelError(f"camera {config.id}: no vehicle detector is named")
    detector = VehicleDetector(_engine(config, config.detector), load_card(config.detector.card))
    return CameraPipeline(
        config.id,
        config.size,
        detector,
        plate_stages(config),
        plane=ground_plane(config),
        attributes=attributes(config),
        first_number=config.first_number,
        settings=PipelineSettings(track=TrackSettings(sure=max(SURE, detector.threshold), unsure=UNSURE)),
    )


def plate_stages(config: CameraConfig) -> PlateStages | None:
    """What reading plates takes, None for a camera that shall not."""
    if config.locator is None or config.reader is None:
        return None
    locator = PlateLocator(_engine(config, config.locator), load_card(config.locator.card))
    reader = PlateReader(_engine(config, config.reader), load_card(config.reader.card))
    return PlateStages(locator, reader, rectify, sharpness, PlateVote)


def attributes(config: CameraConfig) -> VehicleAttributes | None:
    """What sees colours and axles, None for a camera that shall not."""
    if config.attributes is None:
        return None
    return VehicleAttributes(_engine(config, config.attributes), load_card(config.attributes.card))


def ground_plane(config: CameraConfig) -> GroundPlane | None:
    """The ground through the surveyed points, None where there are none. Raises PlaneError."""
    if not config.points:
        return None
    lens = LensModel(*config.lens, config.distortion) if config.lens is not None else None
    image = np.array([p for p, _ in config.points], np.float64)
    return GroundPlane.from_points(image, np.array([g for _, g in config.points], np.float64), lens, config.size)


def _engine(config: CameraConfig, model: ModelFile) -> Engine:
    return open_engine(model.path, card=load_card(model.card), provider=config.provider, threads=config.threads)
