"""What the cameras see: sources, detection, tracking, plates, overlay, recording, live stream."""
