#!/bin/sh
# Runs a command with TEST_DATABASE_URL naming a throw-away PostgreSQL: a container where Docker runs, and otherwise none,
# so that the tests start a server of their own. A server that is named already is used.
set -eu

if [ -n "${TEST_DATABASE_URL:-}" ] || ! docker info >/dev/null 2>&1; then
    exec "$@"
fi

container=$(docker run --detach --rm --publish 127.0.0.1::5432 --shm-size 256m \
    --env POSTGRES_PASSWORD=postgres "${POSTGRES_IMAGE:-postgres:18-trixie}" -c max_connections=300)
trap 'docker stop "$container" >/dev/null' EXIT INT TERM
address=$(docker port "$container" 5432/tcp | head -n 1)

# Over TCP: while the image sets up the database, its server answers on the socket only.
tries=0
until docker exec "$container" pg_isready --quiet --host=127.0.0.1 --username=postgres; do
    tries=$((tries + 1))
    [ "$tries" -lt 120 ] || { echo "PostgreSQL does not start in its container" >&2; exit 1; }
    sleep 0.5
done

TEST_DATABASE_URL="postgresql://postgres:postgres@$address/postgres" "$@"
