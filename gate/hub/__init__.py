"""The hub: where many sites send what they saw, and where people act on it."""
