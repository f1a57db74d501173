"""Notices: the conference service hears of bookings that were cancelled or moved."""
