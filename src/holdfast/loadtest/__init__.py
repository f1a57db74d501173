"""A load test of a running service, by its address alone: free slots of its rooms, asked for at a constant rate."""
