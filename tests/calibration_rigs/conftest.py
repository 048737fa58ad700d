"""Imports the rig before MuJoCo: it says how to draw without a display."""

import calibration_rigs

__all__ = ["calibration_rigs"]
