"""Passages: tracks, plates, movements, weighings and tickets joined into one vehicle's visit."""
