"""What makes cameras and scales true, and the virtual site that proves the whole chain."""
