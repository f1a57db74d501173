"""Events: seats, one for each person, and how many are left."""
