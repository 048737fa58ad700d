"""Units of weight, exactly: a decimal text times a decimal factor, rounded once."""

from decimal import Decimal

from gate.errors import ScaleError

KG_PER: dict[str, Decimal] = {
    "kg": Decimal(1),
    "g": Decimal("0.001"),
    "mg": Decimal("0.000001"),
    "t": Decimal(1000),
    "lb": Decimal("0.45359237"),  # international avoirdupois pound, 1959
    "oz": Decimal("0.028349523125"),
    "ton": Decimal("907.18474"),  # short ton, 2,000 lb
}


def to_kg(number: str, unit: str) -> float:
    """A decimal text (optional sign, '.' as the point) in a unit of KG_PER, as kilograms; never −0."""
    return float(Decimal(number) * KG_PER[unit]) + 0.0


def check_unit(unit: str) -> str:
    """The unit itself. Raises ScaleError when it is none of KG_PER."""
    if unit not in KG_PER:
        raise ScaleError(f"unit {unit!r} is unknown, expected one of {', '.join(KG_PER)}")
    return unit
