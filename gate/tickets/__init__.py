"""Lift tickets (电子提煤单): signed, carried as one QR code, checked without a network; and the vehicle register."""
