"""An office's meeting rooms: schedules, half-hour slots, bookings, conference links."""
