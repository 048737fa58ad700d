"""What makes cameras and scales true, and the virtual site that proves the whole chain."""

import os

# MuJoCo chooses its drawing library once, when it is first imported; a gate has no display.
os.environ.setdefault("MUJOCO_GL", "egl")
