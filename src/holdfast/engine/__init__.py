"""The promise: a place is never given twice. Knows places, intervals, seats and claims; no HTTP, rooms or users."""
