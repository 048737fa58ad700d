"""Satellite positions of registered vehicles: how they come in, and what they say of areas and routes."""
