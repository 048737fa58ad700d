"""Wire formats of weighing indicators, each a strict incremental parser; see the registry."""
