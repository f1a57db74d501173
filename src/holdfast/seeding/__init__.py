"""An office to try things on: rooms, schedules, people and their bookings."""
