"""Light and air, and the cameras that look through them."""

from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

from calibration_rigs.camera import View
from calibration_rigs.layout import Layout

FINER = 1.25  # pictures are drawn so much larger, then made smaller: smooth edges at half the cost of four samples


MOST_LIGHTS = 8  # OpenGL's fixed pipeline draws with no more


@dataclass(frozen=True, slots=True)
class Weather:
    """Light and air. sun_deg: azimuth (from east, counter-clockwise) and elevation; sun, sky: strengths 0 to 1."""

    kind: str = "day"
    sun_deg: tuple[float, float] = (215.0, 42.0)
    sun: float = 0.62
    sky: float = 0.42
    haze_m: float = 260.0
    wet: float = 0.0
    lamps: bool = False
    haze_rgb: tuple[float, float, float] = (0.74, 0.77, 0.80)

    @staticmethod
    def named(kind: str) -> "Weather":
        """One of WEATHERS by its name; KeyError for another."""
        return WEATHERS[kind]


WEATHERS = {
    "day": Weather(),
    "overcast": Weather("overcast", sun=0.10, sky=0.62, haze_m=200, haze_rgb=(0.72, 0.73, 0.75)),
    "dusk": Weather("dusk", (200.0, 9.0), 0.34, 0.20, 160, lamps=True, haze_rgb=(0.42, 0.36, 0.36)),
    "night": Weather("night", (215.0, 50.0), 0.02, 0.05, 120, lamps=True, haze_rgb=(0.03, 0.035, 0.05)),
    "rain": Weather("rain", sun=0.06, sky=0.46, haze_m=110, wet=0.9, haze_rgb=(0.56, 0.59, 0.62)),
    "fog": Weather("fog", sun=0.04, sky=0.55, haze_m=42, wet=0.3, haze_rgb=(0.72, 0.74, 0.76)),
}


def add_camera(spec: Any, name: str, view: View) -> None:
    """A camera that sees what `view` sees, but for distortion and an axis off the middle."""
    right, down, forward = view.rotation
    quat = np.zeros(4)
    mujoco.mju_mat2Quat(quat, np.stack([right, -down, -forward], axis=1).ravel())
    camera = spec.worldbody.add_camera(name=name, pos=view.centre, quat=quat)
    camera.fovy = 2 * np.degrees(np.arctan(view.size[1] / 2 / view.matrix[1, 1]))


def add_light(spec: Any, layout: Layout, weather: Weather) -> None:
    """Sun, sky, lamps, fog and the sky's picture."""
    azimuth, elevation = np.radians(weather.sun_deg)
    toward = np.array([np.cos(azimuth) * np.cos(elevation), np.sin(azimuth) * np.cos(elevation), np.sin(elevation)])
    middle = np.array([*(layout.decks[0].centre if layout.decks else (0.0, 0.0)), 0.0])
    if weather.sun > 0:
        light = spec.worldbody.add_light(pos=middle + 40 * toward, dir=-toward)
        light.type = mujoco.mjtLightType.mjLIGHT_DIRECTIONAL
        warm = np.array((1.0, 0.95, 0.86) if elevation > 0.3 else (1.0, 0.72, 0.48))
        light.diffuse = weather.sun * warm
        light.specular = 0.5 * weather.sun * warm
        light.ambient = [0, 0, 0]
        light.castshadow = True
    sky = spec.worldbody.add_light(pos=middle + np.array((0, 0, 60)), dir=[0, 0.15, -1])
    sky.type = mujoco.mjtLightType.mjLIGHT_DIRECTIONAL
    sky.diffuse = weather.sky * np.array((0.42, 0.45, 0.5))
    sky.ambient = weather.sky * np.array((0.85, 0.9, 1.0))
    sky.specular = [0, 0, 0]
    sky.castshadow = False
    if weather.lamps:
        _lamps(spec, layout)
    vis = spec.visual
    vis.headlight.active = 0
    vis.rgba.fog = vis.rgba.haze = [*weather.haze_rgb, 1]
    spec.stat.extent, spec.stat.center = 10.0, [middle[0], middle[1] - 4, 1.0]
    vis.map.znear, vis.map.zfar = 0.02, 40.0
    vis.map.fogstart, vis.map.fogend = 0.12 * weather.haze_m / 10, weather.haze_m / 10
    vis.map.shadowclip = 3.6
    vis.map.shadowscale = 0.9
    vis.quality.shadowsize, vis.quality.offsamples = 3072, 0
    sizes = [v.size for v in layout.views.values()] or [(1280, 720)]
    vis.global_.offwidth = max(1920, *(round(FINER * w) for w, _ in sizes))
    vis.global_.offheight = max(1080, *(round(FINER * h) for _, h in sizes))
    spec.add_texture(
        name="sky",
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=[0.35 * c + 0.2 * weather.sky for c in (0.8, 1.0, 1.3)],
        rgb2=list(weather.haze_rgb),
        width=256,
        height=1536,
    )


def _lamps(spec: Any, layout: Layout) -> None:
    """Lamp posts by the decks, and beside each camera the light that lets it read plates; no more than MOST_LIGHTS."""
    for deck in layout.decks:
        for x in (-deck.length * 0.35, deck.length * 0.6, deck.length * 1.1):
            at = deck.world(np.array([[x, deck.width / 2 + 1.5]]))[0]
            lamp = spec.worldbody.add_light(pos=[*at, 8.0], dir=[0, 0, -1])
            lamp.type = mujoco.mjtLightType.mjLIGHT_SPOT
            lamp.cutoff, lamp.exponent = 75, 2
            lamp.diffuse, lamp.specular = [0.75, 0.66, 0.5], [0.3, 0.28, 0.2]
            lamp.attenuation = [1, 0.02, 0.004]
            lamp.castshadow = False
    for view in list(layout.views.values())[: MOST_LIGHTS - len(spec.lights)]:
        fill = spec.worldbody.add_light(pos=view.centre + 0.3 * view.rotation[0], dir=view.rotation[2])
        fill.type = mujoco.mjtLightType.mjLIGHT_SPOT
        fill.cutoff, fill.exponent = 40, 4
        fill.diffuse, fill.specular = [0.85, 0.87, 0.9], [0.2, 0.2, 0.2]
        fill.attenuation = [1, 0.02, 0.002]
        fill.castshadow = False
