"""Shapes, ground plane, corridor crossing, lane direction, deck occupancy, satellite fences. Pure: no I/O, no clock."""
