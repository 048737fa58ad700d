"""Measuring what is shipped, and the peers beside it, on real data kept out of training."""
