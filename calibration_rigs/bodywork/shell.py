"""The meshes of one unit by material."""

from collections import defaultdict

from calibration_rigs.mesh import MeshBuilder

Shell = defaultdict[str, MeshBuilder]
