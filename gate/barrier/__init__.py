"""Barrier arms and their lights: a pure policy decides, a driver carries out, and all of it becomes facts."""
