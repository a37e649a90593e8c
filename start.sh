#!/bin/sh
# Starts Redis Memory Magic in Docker: checks Docker, creates .env, starts all services and waits until they are healthy.
set -u
cd "$(dirname "$0")" || exit 1

CONTAINERS="redis-memory chat-backend chat-frontend"
WAIT_SECONDS=${WAIT_SECONDS:-180}

say() {
  printf '%s\n' "$@"
}

fail() {
  printf '\n' >&2
  printf '%s\n' "$@" >&2
  exit 1
}

check_docker() {
  command -v docker >/dev/null 2>&1 ||
    fail "Docker is not installed, or not on the PATH." \
      "Install Docker Desktop (https://www.docker.com/products/docker-desktop) or Docker Engine, then run this again." \
      "Without Docker, npm start runs the same product with Node.js."
  reason=$(docker info 2>&1 >/dev/null) || case $reason in
    *"ermission denied"*)
      fail "Your user may not use Docker: $reason" \
        "Add your user to its group (sudo usermod -aG docker \$USER), log in again, then run this again."
      ;;
    *)
      fail "Docker is installed, but not running: $reason" \
        "Start Docker Desktop, or on Linux: sudo systemctl start docker. Then run this again."
      ;;
  esac
  if docker compose version >/dev/null 2>&1; then
    COMPOSE="docker compose"
  elif command -v docker-compose >/dev/null 2>&1; then
    COMPOSE=docker-compose
  else
    fail "Docker has no Compose." \
      "Install it (https://docs.docker.com/compose/install), then run this again."
  fi
}

make_env() {
  [ -e .env ] && return
  # It is for keys: for nobody else to read.
  (umask 077 && cp .env.example .env) || fail ".env could not be written. Check the permissions of this folder."
  say "Created .env from .env.example. To use ChatGPT, write your key after OPENAI_API_KEY= in it."
}

start_services() {
  output=$(mktemp) || exit 1
  trap 'rm -f "$output"' EXIT
  say "Starting. The first start builds the images, which takes some minutes."
  # In a pipe, $? is the status of tee.
  REVISION=$(git rev-parse HEAD 2>/dev/null)
  export REVISION
  { $COMPOSE up -d --build 2>&1 && : >"$output.ok"; } | tee "$output"
  if [ -e "$output.ok" ]; then
    rm -f "$output.ok"
    return
  fi
  taken=$(grep -Eio 'address already in use|port is already allocated|ports are not available' "$output" | head -n 1)
  if [ -n "$taken" ]; then
    port=$(grep -Ei "$taken" "$output" | grep -Eo ':[0-9]{2,5}' | head -n 1 | tr -d :)
    fail "Port ${port:-of this machine} is in use by another program." \
      "Find it: lsof -i :${port:-3000}    Then end it, or choose another port in .env:" \
      "WEB_PORT (the page, 3000), PORT (the API, 9090) or REDIS_PORT (Redis, 6379)."
  fi
  show_unhealthy
  fail "The services could not be started: see above."
}

health() {
  docker inspect --format '{{if .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}' "$1" 2>/dev/null ||
    echo missing
}

show_unhealthy() {
  for container in $CONTAINERS; do
    state=$(health "$container")
    case $state in
      healthy | missing) ;;
      *)
        say "" "$container is $state. The last lines of its log:"
        docker logs --tail 10 "$container" 2>&1
        ;;
    esac
  done
}

wait_for_health() {
  waited=0
  while :; do
    waiting=
    for container in $CONTAINERS; do
      [ "$(health "$container")" = healthy ] || waiting="$waiting $container"
    done
    [ -z "$waiting" ] && return
    if [ "$waited" -ge "$WAIT_SECONDS" ]; then
      show_unhealthy
      fail "Not healthy after $WAIT_SECONDS seconds:$waiting."
    fi
    [ $((waited % 4)) -ne 0 ] || say "Waiting for$waiting ($waited s)"
    sleep 2
    waited=$((waited + 2))
  done
}

# published CONTAINER PORT: prints the port on this machine.
published() {
  docker port "$1" "$2/tcp" 2>/dev/null | sed -n '1s/.*://p'
}

check_docker
make_env
start_services
wait_for_health
page=$(docker exec chat-backend printenv PUBLIC_URL 2>/dev/null)
[ -n "$page" ] || page="http://localhost:$(published chat-frontend 80)"
api="http://localhost:$(published chat-backend 9090)"
say "" "Redis Memory Magic is ready." "" \
  "  Page   $page" \
  "  API    $api   (described at $api/docs)" "" \
  "  Logs   $COMPOSE logs -f" \
  "  Stop   $COMPOSE down      (conversations are kept; down -v deletes them)"
