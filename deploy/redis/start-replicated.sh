#!/bin/sh
# start-replicated.sh SELF PEER SENTINEL...: starts a Redis of deploy/sentinel.yml as what the sentinels say it is, the
# master or a replica. If each started as what it was at first, a master that died would come back as a master with old
# data, and the replica that took its place would copy it.
# /data is this Redis' data, /peer the other's, read-only.
set -u
# As the first process of its container it would otherwise not end on SIGTERM.
trap "exit 143" TERM
self=$1 peer=$2
shift 2

WAIT_SECONDS=60
# Both write each change within a moment of each other.
TOLERANCE_SECONDS=60

say() {
  printf '%s\n' "$@" >&2
}

# Its number of failovers, the master that it names, and how many replicas it knows.
ask() {
  timeout 2 redis-cli -h "$1" -p 26379 sentinel master memory 2>/dev/null |
    awk 'NR % 2 { name = $0; next } { value[name] = $0 }
      END { if (value["ip"]) print value["config-epoch"], value["ip"], value["num-slaves"] }'
}

# When the append-only file in a folder was last written, in seconds; 0 if there is none.
written() {
  newest=0
  for file in $(find "$1" -name '*.aof' -type f); do
    time=$(stat -c %Y "$file")
    [ "$time" -le "$newest" ] || newest=$time
  done
  echo "$newest"
}

# Most of them have to answer: one that was away during the last failover still names the former master.
waited=0
while :; do
  answers=0 failovers=-1 master='' remember=
  for sentinel; do
    answer=$(ask "$sentinel")
    [ -n "$answer" ] || continue
    # shellcheck disable=SC2086
    set_of() { epoch=$1 named=$2 replicas=$3; } && set_of $answer
    answers=$((answers + 1))
    [ "$epoch" -le "$failovers" ] || failovers=$epoch master=$named
    [ "$epoch" -eq 0 ] && [ "$replicas" -eq 0 ] || remember=yes
  done
  [ $((answers * 2)) -le $# ] || break
  [ $((waited % 10)) -ne 0 ] || say "$self waits for the sentinels, to ask which Redis is the master: $answers of $# answer."
  if [ "$waited" -ge "$WAIT_SECONDS" ]; then
    say "Most of the sentinels ($*) do not answer, so nothing says which Redis is the master. Start them: docker compose up -d"
    exit 1
  fi
  sleep 1
  waited=$((waited + 1))
done

if [ "$master" != "$self" ]; then
  say "$self starts as a replica: the sentinels name $master as the master."
  exec redis-server /etc/redis.conf --replica-announce-ip "$self" --replicaof "$master" 6379
fi

own=$(written /data) other=$(written /peer)
if [ "$own" -eq 0 ] && [ "$other" -gt 0 ]; then
  say "$self is the master by what the sentinels say, but it has no data and $peer has some, which would be lost." \
    "If the sentinels know $peer, they make it the master in a moment. Else: docker compose down, then" \
    "REDIS_MASTER=$peer docker compose up -d"
  exit 1
fi
if [ -z "$remember" ] && [ "${REDIS_MASTER:-}" != "$self" ] && [ "$other" -gt $((own + TOLERANCE_SECONDS)) ]; then
  say "Nothing says which Redis was the master last: the sentinels are new, and $peer's data was written" \
    "$((other - own)) seconds after that of $self, which would replace it." \
    "Say which data to keep: docker compose down, then one of" \
    "  REDIS_MASTER=$peer docker compose up -d      the later" \
    "  REDIS_MASTER=$self docker compose up -d      the earlier; what $peer has is lost"
  exit 1
fi
say "$self starts as the master, as the sentinels say."
exec redis-server /etc/redis.conf --replica-announce-ip "$self"
