-- The least a durable booking can cost: one row, no index but the primary key, no check.
-- (A colon would begin a variable, so the times have none.)
INSERT INTO bench_bare (place, start_time, end_time) VALUES ('bench-0001', '2030-01-01Z', '2030-01-02Z');
