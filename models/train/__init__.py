"""Training; needs the extra `train`, which no gate needs."""
