"""What a vehicle looks like, its colour and its axles: labels, network, training."""
