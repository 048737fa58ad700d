"""Training scenes for the plate detector: plates pasted in perspective onto road pictures, lit and soiled alike."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detectors.patches import PaintedPlates, Patch, lettering, no_plates, phrase, real_patches
from models.detectors.prepare import Picture
from models.detectors.weather import soil

Picture8 = NDArray[np.uint8]
Floats = NDArray[np.float32]
_SURE_PLATE = 0.35
_LEAST_WIDTH_PX = 11.0
_RENDERED_SHARE = 0.15


@dataclass(slots=True, eq=False)
class Scene:
    """A training picture. quads: (k, 4, 2) plates; rows: (k,); ignored: (m, 4, 2) places that count for nothing."""

    picture: Picture8
    quads: list[Floats] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    ignored: list[Floats] = field(default_factory=list)


class PlateScenes:
    """Composes scenes of `size` px a side, endlessly, from a seed."""

    def __init__(
        self, data: Path, pictures: list[Picture], crops: dict[str, list[list[float]]], size: int, rendered: Path | None
    ) -> None:
        self._size = size
        self._rendered = rendered_scenes(rendered) if rendered else []
        self._backgrounds = [
            (np.asarray(cv2.imread(str(data / p.path)), np.uint8), _spots(p), _lower_halves(p)) for p in pictures
        ]
        self._real = real_patches(data, crops)
        self._painted = PaintedPlates(data / "plates/glyphs")
        self._refused = no_plates(data)

    def scene(self, rng: np.random.Generator) -> Scene:
        """One scene with none to a handful of plates."""
        if self._rendered and rng.random() < _RENDERED_SHARE:
            return self._rendered_scene(rng)
        picture, spots, lower = self._backgrounds[int(rng.integers(len(self._backgrounds)))]
        if rng.random() < 0.5:
            picture, spots = np.asarray(picture[:, ::-1]), [_mirrored(s, picture.shape[1]) for s in spots]
            lower = [np.array([picture.shape[1] - b[2], b[1], picture.shape[1] - b[0], b[3]]) for b in lower]
        places = spots + [_place_on(box, rng) for box in lower]
        scene, view = self._frame(np.ascontiguousarray(picture), places, rng)
        inside = [cv2.perspectiveTransform(s[None].astype(np.float32), view)[0] for s in places]
        free: list[Floats] = []
        for number, place in enumerate(inside):
            known = number < len(spots)
            if not _visible(place, self._size) or any(_touch(place, other) for other in free):
                if known:
                    scene.ignored.append(place)
                continue
            if rng.random() < (0.75 if known else 0.45):
                free.append(self._paste_plate(scene, place, rng, onto=known))
            elif known:
                scene.ignored.append(place)
        self._scatter(scene, free, rng)
        scene.picture = soil(scene.picture, rng)
        return scene

    def _rendered_scene(self, rng: np.random.Generator) -> Scene:
        picture, quads, rows = self._rendered[int(rng.integers(len(self._rendered)))]
        scene, view = self._frame(picture, quads, rng)
        for quad, count in zip(quads, rows, strict=True):
            self._note(scene, cv2.perspectiveTransform(quad[None], view)[0], count)
        scene.picture = soil(scene.picture, rng)
        return scene

    def _note(self, scene: Scene, quad: Floats, rows: int) -> None:
        """A plate counts when it is in the picture and large enough to be seen, else its place is ignored."""
        centre, edge = quad.mean(0), 0.15 * _width(quad)
        shown = (quad > -edge).all() and (quad < self._size + edge).all()
        if shown and (centre > 2).all() and (centre < self._size - 2).all() and _width(quad) > _LEAST_WIDTH_PX:
            scene.quads.append(quad)
            scene.rows.append(rows)
        else:
            scene.ignored.append(quad)

    def _frame(
        self, picture: Picture8, places: list[Floats], rng: np.random.Generator
    ) -> tuple[Scene, NDArray[np.float64]]:
        """Cut the scene out of the picture, one of the places in it, its size drawn evenly over its logarithm."""
        height, width = picture.shape[:2]
        low, high = self._size / max(height, width) * 0.8, 3.5
        if places and rng.random() < 0.85:
            place = places[int(rng.integers(len(places)))]
            wanted = np.exp(rng.uniform(np.log(15), np.log(self._size * 0.75)))
            zoom = float(np.clip(wanted / max(_width(place), 4), low, high))
            centre = place.mean(0)
        else:
            zoom = float(np.exp(rng.uniform(np.log(low), np.log(1.5))))
            centre = np.array([rng.uniform(0, width), rng.uniform(0, height)])
        target = rng.uniform(0.1, 0.9, 2) * self._size
        turn = np.deg2rad(rng.normal(0, 4))
        c, s = zoom * np.cos(turn), zoom * np.sin(turn)
        linear = np.array([[c, -s], [s, c]])
        matrix = np.eye(3)
        shift = target - linear @ centre
        if rng.random() < 0.8:
            room = self._size - zoom * np.array([width, height])
            shift = np.clip(shift, np.minimum(room, 0), np.maximum(room, 0))
        matrix[:2, :2], matrix[:2, 2] = linear, shift
        method = cv2.INTER_AREA if zoom < 0.6 else cv2.INTER_LINEAR
        if zoom < 0.6:
            small = cv2.resize(picture, None, fx=zoom, fy=zoom, interpolation=method)
            shrink = np.diag([1 / zoom, 1 / zoom, 1.0])
            source, move = small, matrix @ shrink
        else:
            source, move = picture, matrix
        border = cv2.BORDER_REFLECT if rng.random() < 0.5 else cv2.BORDER_CONSTANT
        canvas = cv2.warpPerspective(
            source,
            move,
            (self._size, self._size),
            flags=cv2.INTER_LINEAR,
            borderMode=border,
            borderValue=(114, 114, 114),
        )
        scene = Scene(np.asarray(canvas, np.uint8))
        if border == cv2.BORDER_REFLECT:
            outline = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
            edge = cv2.perspectiveTransform(outline[None], matrix)[0]
            cover = np.full(canvas.shape[:2], 255, np.uint8)
            cv2.fillPoly(cover, [edge.astype(np.int32)], 0)
            scene.picture[cover > 0] = cv2.blur(scene.picture, (25, 25))[cover > 0]
        return scene, matrix

    def _scatter(self, scene: Scene, taken: list[Floats], rng: np.random.Generator) -> None:
        """Paste plates and things that are no plate where nothing is yet."""
        plates, others = (
            int(rng.choice([0, 1, 2, 3], p=[0.45, 0.3, 0.15, 0.1])),
            int(rng.choice([0, 1, 2, 3], p=[0.35, 0.3, 0.2, 0.15])),
        )
        for number in range(plates + others):
            width = float(np.exp(rng.uniform(np.log(14), np.log(self._size * (0.75 if number == 0 else 0.35)))))
            place = _rectangle(rng.uniform(0.05, 0.95, 2) * self._size, width, width * 0.32)
            if any(_touch(place, other) for other in taken + scene.ignored):
                continue
            if number >= plates and rng.random() < 0.35:
                self._write(scene, place, rng)
                taken.append(place)
            elif number < plates:
                taken.append(self._paste_plate(scene, place, rng, onto=False))
            else:
                patch = self._refused[int(rng.integers(len(self._refused)))] if rng.random() < 0.5 else lettering(rng)
                taken.append(self._paste(scene, patch, place, rng))

    def _write(self, scene: Scene, place: Floats, rng: np.random.Generator) -> None:
        """Bare letters on the picture: a make, a time stamp, a firm's name."""
        mask = phrase(rng)
        low = np.maximum(place[0], 0).astype(int)
        part = scene.picture[low[1] : int(place[2][1]) + 1, low[0] : int(place[2][0]) + 1]
        if min(part.shape[:2]) < 4:
            return
        cover = cv2.resize(mask, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_AREA)[:, :, None] / 255
        cover = cover * rng.uniform(0.5, 1)
        ink = rng.choice([0, 255]) if rng.random() < 0.5 else rng.integers(0, 255, 3)
        part[:] = part * (1 - cover) + ink * cover

    def _paste_plate(self, scene: Scene, place: Floats, rng: np.random.Generator, onto: bool) -> Floats:
        real = rng.random() < 0.5
        patch = self._real[int(rng.integers(len(self._real)))] if real else self._painted.draw(rng)
        if onto:
            _cover(scene.picture, place)
        quad = self._paste(scene, patch, place, rng)
        self._note(scene, quad, patch.rows)
        return quad

    def _paste(self, scene: Scene, patch: Patch, place: Floats, rng: np.random.Generator) -> Floats:
        quad = _pose(patch, place, rng)
        picture, corners = patch.picture, patch.corners
        shrink = _width(quad) / max(_width(corners), 1.0)
        if shrink < 0.7:
            size = max(round(picture.shape[1] * shrink), 4), max(round(picture.shape[0] * shrink), 2)
            picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
            corners = corners * np.array(
                [picture.shape[1] / patch.picture.shape[1], picture.shape[0] / patch.picture.shape[0]], np.float32
            )
        picture = _lit(picture, scene.picture, quad, rng)
        matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), quad)
        size = (self._size, self._size)
        cover = np.full(picture.shape[:2], 255, np.uint8)
        mask = cv2.warpPerspective(cover, matrix, size, flags=cv2.INTER_LINEAR)[:, :, None] / 255.0
        warped = cv2.warpPerspective(picture, matrix, size, flags=cv2.INTER_LINEAR)
        box = cv2.boundingRect(quad.astype(np.int32))
        grow = int(box[2] * 0.3) + 3
        x0, y0 = max(box[0] - grow, 0), max(box[1] - grow, 0)
        x1, y1 = box[0] + box[2] + grow, box[1] + box[3] + grow
        part = scene.picture[y0:y1, x0:x1]
        if part.size and rng.random() < 0.35 and patch.rows:
            frame = _grown(quad, rng.uniform(0.03, 0.2)).astype(np.int32)
            cv2.fillPoly(scene.picture, [frame], rng.integers(0, 255, 3).tolist(), cv2.LINE_AA)
        share = mask[y0:y1, x0:x1]
        part[:] = (part * (1 - share) + warped[y0:y1, x0:x1] * share).astype(np.uint8)
        return quad


def _spots(picture: Picture) -> list[Floats]:
    spots = [np.array(corners, np.float32) for score, _, corners in picture.plates if score >= _SURE_PLATE]
    for kind, (x0, y0, x1, y1) in picture.boxes:
        if kind == "plate" and not any(x0 <= s.mean(0)[0] <= x1 and y0 <= s.mean(0)[1] <= y1 for s in spots):
            spots.append(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32))
    return spots


def _lower_halves(picture: Picture) -> list[NDArray[np.float64]]:
    kinds = ("car", "truck", "bus")
    return [np.array(box) for kind, box in picture.boxes if kind in kinds and box[2] - box[0] > 40][:6]


def _place_on(box: NDArray[np.float64], rng: np.random.Generator) -> Floats:
    width = box[2] - box[0]
    centre = np.array([box[0] + width * rng.uniform(0.3, 0.7), box[1] + (box[3] - box[1]) * rng.uniform(0.55, 0.95)])
    own = width * rng.uniform(0.14, 0.3)
    return _rectangle(centre, own, own * 0.32)


def _rectangle(centre: NDArray[np.float64], width: float, height: float) -> Floats:
    half = np.array([width, height]) / 2
    return np.asarray(centre + half * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]), np.float32)


def _pose(patch: Patch, place: Floats, rng: np.random.Generator) -> Floats:
    """The quad a patch takes at a place: its own proportions along the place's directions, turned and tilted."""
    along, down = (place[1] + place[2] - place[0] - place[3]) / 2, (place[3] + place[2] - place[0] - place[1]) / 2
    length = max(float(np.hypot(*along)), 1.0)
    down = down / max(float(np.hypot(*down)), 1e-3)
    own = _width(patch.corners), float(np.hypot(*(patch.corners[3] - patch.corners[0])))
    ratio = own[1] / own[0] if patch.rows != 1 else 0.318
    down = down * length * ratio * rng.uniform(0.8, 1.15)
    if rng.random() < 0.3:
        along = along * rng.uniform(0.6, 1.0)
    spread = 30 if rng.random() < 0.2 else 5
    turn = np.deg2rad(np.clip(rng.normal(0, spread / 2), -spread, spread))
    c, s = np.cos(turn), np.sin(turn)
    matrix = np.array([[c, -s], [s, c]])
    shear = np.clip(rng.normal(0, 0.12), -0.3, 0.3)
    along, down = matrix @ along, matrix @ (down + shear * along * 0.4)
    centre = place.mean(0)
    quad = np.stack(
        [
            centre - along / 2 - down / 2,
            centre + along / 2 - down / 2,
            centre + along / 2 + down / 2,
            centre - along / 2 + down / 2,
        ]
    )
    sway = rng.normal(0, 0.04) * down
    quad[1] += sway
    quad[2] -= sway
    return np.asarray(quad, np.float32)


def _lit(picture: Picture8, scene: Picture8, quad: Floats, rng: np.random.Generator) -> Picture8:
    """The patch in something like the light of its surroundings, or of its own lamp."""
    x0, y0 = np.clip(quad.min(0) - 8, 0, scene.shape[0] - 1).astype(int)
    x1, y1 = np.clip(quad.max(0) + 8, 1, scene.shape[0]).astype(int)
    around = float(scene[y0:y1, x0:x1].mean()) if x1 > x0 and y1 > y0 else 110.0
    gain = (max(around, 12) / max(float(picture.mean()), 12)) ** rng.uniform(0, 0.8) * rng.uniform(0.7, 1.3)
    tint = gain * rng.uniform(0.88, 1.12, 3)
    out = np.clip(picture * tint + rng.normal(0, 8), 0, 255).astype(np.uint8)
    sigma = rng.uniform(0, 0.035) * _width(quad) * 0.3
    if sigma > 0.3:
        out = np.asarray(cv2.GaussianBlur(out, (0, 0), min(sigma, 4)), np.uint8)
    if rng.random() < 0.15:
        ramp = np.linspace(rng.uniform(0.3, 1.2), rng.uniform(0.3, 1.2), out.shape[1])[None, :, None]
        out = np.asarray(np.clip(out * ramp, 0, 255), np.uint8)
    return np.asarray(out, np.uint8)


def _cover(picture: Picture8, place: Floats) -> None:
    """Paint what hangs at a place in the colour around it."""
    area = _grown(place, 0.12).astype(np.int32)
    ring = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(ring, [_grown(place, 0.5).astype(np.int32)], 255)
    cv2.fillPoly(ring, [area], 0)
    if ring.any():
        cv2.fillPoly(picture, [area], cv2.mean(picture, ring)[:3])


def _grown(quad: Floats, by: float) -> Floats:
    """The quad with an edge added, `by` of its height wide."""
    centre = quad.mean(0)
    high = max(float(np.hypot(*(quad[3] - quad[0]))), 1.0)
    away = quad - centre
    return np.asarray(centre + away + np.sign(away) * by * high, np.float32)


def _width(quad: Floats) -> float:
    return float(np.hypot(*(quad[1] - quad[0])) + np.hypot(*(quad[2] - quad[3]))) / 2


def _visible(quad: Floats, size: int) -> bool:
    centre = quad.mean(0)
    return bool((centre > 4).all() and (centre < size - 4).all())


def _touch(quad: Floats, other: Floats) -> bool:
    gap = 6
    return bool((quad.min(0) - gap < other.max(0)).all() and (other.min(0) - gap < quad.max(0)).all())


def _mirrored(quad: Floats, width: int) -> Floats:
    flipped = quad.copy()
    flipped[:, 0] = width - flipped[:, 0]
    return flipped[[1, 0, 3, 2]]


def rendered_scenes(folder: Path) -> list[tuple[Picture8, list[Floats], list[int]]]:
    """Pictures of the virtual site with their plates' exact corners, from its plates.jsonl."""
    found = []
    for line in (folder / "plates.jsonl").read_text(encoding="utf-8").splitlines():
        truth = json.loads(line)
        picture = cv2.imread(str(folder / truth["image"]))
        if picture is not None:
            quads = [np.array(plate["corners"], np.float32) for plate in truth["plates"]]
            found.append((np.asarray(picture, np.uint8), quads, [int(plate["rows"]) for plate in truth["plates"]]))
    return found
