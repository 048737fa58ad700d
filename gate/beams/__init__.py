"""Light barriers: who reads them, live and from recordings."""
