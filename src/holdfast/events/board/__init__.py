"""What the web app shows of events: with one's own seat, and who else has one. Reads only."""
