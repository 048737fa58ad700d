"""Where each character stands on each kind of plate, in millimetres from the plate's top left corner (GA 36)."""

from dataclasses import dataclass

from vision.plates.grammar import Kind


@dataclass(frozen=True, slots=True)
class Cell:
    """One character's place. style: which of the standard's letterings it is cut in; red: marked in red."""

    character: str
    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float
    style: str
    red: bool = False


_ROW_X = (15.5, 72.5, 151.5, 208.5, 265.5, 322.5, 379.5)
_EMBASSY_X = (15.5, 72.5, 129.5, 186.5, 265.5, 322.5, 379.5)
_ARMED_X = (12.0, 58.0, 106.0, 164.0, 217.0, 270.0, 323.0, 376.0)
_LONG_X = (15.5, 69.5, 161.5, 213.5, 265.5, 317.5, 369.5, 421.5)


def cells(kind: Kind, text: str) -> list[Cell]:
    """The cells of one plate, in reading order."""
    if kind.name == "farm":
        return _two_rows(text, kind.top, "row", (65, 15, 45, 45, 62), (28, 75, 42, 75, 51))
    if kind.name == "armed_police_rear":
        return _reddened(_two_rows(text, kind.top, "upper", (70, 15, 80, 60, 110), (27.5, 90, 65, 110, 80)), 3)
    if kind.rows == 2:
        placed = _two_rows(text, kind.top, "upper", (110, 15, 80, 60, 140), (27.5, 90, 65, 110, 80))
        return _reddened(placed, 2) if kind.name == "army_rear" else placed
    return _one_row(kind, text)


def _one_row(kind: Kind, text: str) -> list[Cell]:
    if kind.name.startswith("new_energy"):
        return [
            Cell(c, x, 25, 45 if i == 0 else 43, 90, "green")
            for i, (c, x) in enumerate(zip(text, _LONG_X, strict=True))
        ]
    if kind.name == "armed_police":
        placed = [Cell(c, x, 25, 45, 90, "row") for c, x in zip(text, _ARMED_X, strict=True)]
        placed[2] = Cell(text[2], 106, 42, 44, 60, "row")
        return _reddened(placed, 3)
    places = _EMBASSY_X if kind.name == "embassy" else _ROW_X
    placed = [Cell(c, x, 25, 45, 90, "row") for c, x in zip(text, places, strict=True)]
    if kind.name == "police":
        last = placed[-1]
        placed[-1] = Cell(last.character, last.x_mm, last.y_mm, 45, 90, "row", red=True)
    return _reddened(placed, 2) if kind.name == "army" else placed


def dot(kind: Kind) -> tuple[float, float] | None:
    """The middle of the separating dot, None where the kind has none."""
    if kind.name.startswith("new_energy") or kind.name == "armed_police":
        return None
    if kind.rows == 2:
        return (220.0, 45.0) if kind.top == 2 else None
    return (248.5, 70.0) if kind.name == "embassy" else (134.5, 70.0)


_Row = tuple[float, float, float, float, float]


def _two_rows(text: str, top: int, style: str, upper: _Row, lower: _Row) -> list[Cell]:
    """upper, lower: x and y of the first cell, its width and height, and the step to the next."""
    placed = []
    for start, row, part in ((0, upper, text[:top]), (top, lower, text[top:])):
        x, y, width, height, step = row
        lettering = style if start == 0 else ("lower" if style == "upper" else "row")
        placed += [Cell(c, x + i * step, y, width, height, lettering) for i, c in enumerate(part)]
    return placed


def _reddened(placed: list[Cell], count: int) -> list[Cell]:
    return [
        Cell(c.character, c.x_mm, c.y_mm, c.width_mm, c.height_mm, c.style, red=index < count)
        for index, c in enumerate(placed)
    ]
