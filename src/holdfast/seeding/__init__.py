"""An office to try things out on: rooms, people, and a year of bookings."""
