#!/bin/sh
# `make seed` and `make load-test`: does it with the service that runs, in containers or not, and says with which one.
set -eu
command=$1
shift
bin=${BIN:-.venv/bin}

# Names of the services of docker-compose.yml that run; none where Docker is not, or has no Compose.
services() { docker compose ps --services --status running 2>/dev/null || true; }

# Whether docker compose runs the API. Ends when it runs all but that: to do it elsewhere is not what is meant.
is_in_containers() {
    running=$(services)
    case "
$running
" in
    *"
api
"*) return 0 ;;
    esac
    [ -z "$running" ] && return 1
    echo "docker compose runs$(printf ' %s' $running), but not the API: look at \`docker compose logs api\`" >&2
    exit 1
}

# Where a port of a service is reached from here; nothing when it is not.
published() {
    address=$(docker compose port "$1" "$2" 2>/dev/null) || return 0
    case $address in
    "" | *:0) ;;
    0.0.0.0:* | "[::]:"* | :::*) echo "http://127.0.0.1:${address##*:}" ;;
    *) echo "http://$address" ;;
    esac
}

seed() {
    # A database that was named is meant, whatever else runs.
    if [ -z "${DATABASE_URL:-}${DB_HOST:-}" ] && is_in_containers; then
        echo "Seeding the database of the service that docker compose runs"
        terminal=
        { [ -t 0 ] && [ -t 1 ]; } || terminal=--no-TTY
        exec docker compose exec ${terminal:+"$terminal"} api holdfast seed "$@"
    fi
    "${MAKE:-make}" --no-print-directory setup-env
    exec "$bin/holdfast" seed "$@"
}

load_test() {
    case " $* " in
    *" --url"[\ =]*) ;;
    *)
        if is_in_containers; then
            url=$(published api 8080)
            # With docker-compose.prod.yml nginx alone is reached.
            [ -n "$url" ] || url=$(published nginx 3000)
            [ -n "$url" ] || { echo "No port of the service that docker compose runs is published" >&2; exit 1; }
            echo "Asking $url, the service that docker compose runs"
            set -- --url "$url" "$@"
        fi
        ;;
    esac
    exec "$bin/holdfast" load-test "$@"
}

case $command in
seed) seed "$@" ;;
load-test) load_test "$@" ;;
*) echo "usage: $0 seed|load-test [ARGUMENT…]" >&2; exit 2 ;;
esac
