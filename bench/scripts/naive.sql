-- Booking as it is usually written: lock the room, look for overlaps, insert, commit. Every slot is free.
\set n :n + 1
\set room random(1, :rooms)
\set slot :client_id * 10000000 + :n
BEGIN;
SELECT id FROM bench_naive_rooms WHERE id = :room FOR UPDATE;
SELECT count(*) FROM bench_naive_reservations
WHERE room_id = :room
  AND start_time < timestamptz '2030-01-01Z' + make_interval(mins => :slot + 1)
  AND start_time > timestamptz '2030-01-01Z' + make_interval(mins => :slot - 1)
  AND end_time > timestamptz '2030-01-01Z' + make_interval(mins => :slot);
INSERT INTO bench_naive_reservations (room_id, start_time, end_time)
VALUES (:room, timestamptz '2030-01-01Z' + make_interval(mins => :slot),
        timestamptz '2030-01-01Z' + make_interval(mins => :slot + 1));
COMMIT;
