#!/bin/sh
# upgrade.sh: builds what is checked out and puts it in the place of what runs, one container after the other.
# upgrade.sh TAG: the same with images of before, such as 0.1.0-1a2b3c4d5e6f, without building.
# upgrade.sh --list: which there are.
# New requests find another backend meanwhile; answers that run have SHUTDOWN_GRACE_SECONDS to end.
set -eu
cd "$(dirname "$0")/.."

HEALTHY_WITHIN_SECONDS=120
BACKEND=redis-memory-magic-backend
IMAGES="$BACKEND redis-memory-magic-frontend"

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

if docker compose version >/dev/null 2>&1; then COMPOSE="docker compose"; else COMPOSE=docker-compose; fi

# By its labels: version and commit. An image that was built without a commit is named by its id.
tag_of() {
  docker image inspect --format \
    '{{index .Config.Labels "org.opencontainers.image.version"}}-{{or (index .Config.Labels "org.opencontainers.image.revision") .Id}}' \
    "$1" 2>/dev/null | sed -E 's/^<no value>|^-/unknown-/; s/sha256://; s/^([^-]*)-(.{12}).*/\1-\2/'
}

tag_current() {
  tag=$(tag_of "$BACKEND:latest")
  [ -n "$tag" ] || return 0
  for image in $IMAGES; do docker tag "$image:latest" "$image:$tag"; done
  echo "$tag"
}

await_healthy() {
  waited=0
  until [ "$(docker inspect --format '{{.State.Health.Status}}' "$1" 2>/dev/null)" = healthy ]; do
    [ "$waited" -lt "$HEALTHY_WITHIN_SECONDS" ] || fail "$1 is not healthy after $HEALTHY_WITHIN_SECONDS s:" \
      "$(docker logs --tail 10 "$1" 2>&1)" "What ran before is kept: deploy/upgrade.sh ${before:-TAG}"
    sleep 1
    waited=$((waited + 1))
  done
}

running() {
  [ "$(docker inspect --format '{{.State.Running}}' "$1" 2>/dev/null)" = true ]
}

replace() {
  echo "Replacing $1"
  # shellcheck disable=SC2086
  $COMPOSE $files up -d --no-deps --no-build "$1" >/dev/null 2>&1 || fail "$1 could not be replaced: $COMPOSE up -d --no-deps $1"
  await_healthy "chat-$1"
}

if [ "${1:-}" = --list ]; then
  docker images --format '{{.Tag}}  {{.CreatedSince}}' "$BACKEND" | grep -v '^latest '
  exit
fi
running chat-backend || fail "Nothing runs yet. Start it: ./start.sh"

before=$(tag_current)
if [ -n "${1:-}" ]; then
  for image in $IMAGES; do
    docker image inspect "$image:$1" >/dev/null 2>&1 || fail "There is no image $image:$1. Which there are: deploy/upgrade.sh --list"
  done
  for image in $IMAGES; do docker tag "$image:$1" "$image:latest"; done
else
  REVISION=${REVISION:-$(git rev-parse HEAD 2>/dev/null || true)}
  export REVISION
  files=
  $COMPOSE build
  echo "Built $(tag_current)"
fi

# Where there is one backend, another one helps out while it is replaced.
files=
if running chat-backend-2; then
  for name in backend-2 backend-3; do ! running "chat-$name" || replace "$name"; done
  replace backend
else
  overlays=$(sed -n 's/^COMPOSE_FILE=//p' .env 2>/dev/null | tail -n 1)
  for file in $(printf %s "${COMPOSE_FILE:-${overlays:-docker-compose.yml}}" | tr ':' ' ') deploy/several-backends.yml; do
    files="$files -f $file"
  done
  replace backend-2
  replace backend
  # shellcheck disable=SC2086
  $COMPOSE $files rm -sf backend-2 >/dev/null 2>&1
  files=
fi
replace frontend
echo "Runs now: $(tag_of "$BACKEND:latest"). Ran before: ${before:-unknown}. To go back: deploy/upgrade.sh $before"
echo "Old images take room: docker image rm $BACKEND:TAG, and docker image prune for those without a name."
