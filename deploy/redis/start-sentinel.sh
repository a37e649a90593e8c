#!/bin/sh
# start-sentinel.sh NAME: starts a sentinel of deploy/sentinel.yml, which keeps in its volume what it learns: the replica,
# the other sentinels, and who became the master.
set -eu
file=/data/sentinel.conf
# One that has met no replica yet has learned nothing.
if ! grep -qs '^sentinel known-replica' "$file"; then
  sed "s/^sentinel monitor memory redis /sentinel monitor memory ${REDIS_MASTER:-redis} /" /etc/sentinel.conf >"$file"
  # By name, as its address is another one after a restart.
  echo "sentinel announce-ip $1" >>"$file"
fi
exec redis-server "$file" --sentinel
