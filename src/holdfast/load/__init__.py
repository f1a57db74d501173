"""A load test of a running service, from outside: it needs nothing but the address."""
