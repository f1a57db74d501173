"""A place for a stretch of time: the contract of `/reservations`."""
