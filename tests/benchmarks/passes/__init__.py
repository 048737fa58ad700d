"""Plates per pass on rendered passes, read by the camera pipeline itself."""
