#!/bin/sh
# Makes a Cluster of the nodes that are named, once, and introduces them to each other again: in Docker's network each
# may have another address after a restart.
set -u
# As the first process of its container it would otherwise not end on SIGTERM.
trap "exit 143" TERM

# Nodes know each other by address; which one that is, the node itself says.
address_of() {
  redis-cli -h "$1" client info | sed -n 's/.* laddr=\([0-9.]*\):6379 .*/\1/p'
}

for node; do
  until redis-cli -h "$node" ping | grep -q PONG; do sleep 1; done
done

if ! redis-cli -h "$1" cluster info | grep -q cluster_slots_assigned:16384; then
  addresses=
  for node; do addresses="$addresses $(address_of "$node"):6379"; done
  # shellcheck disable=SC2086
  redis-cli --cluster create $addresses --cluster-replicas 1 --cluster-yes
fi

while sleep 5; do
  for node; do
    address=$(address_of "$node")
    [ -n "$address" ] && redis-cli -h "$1" cluster meet "$address" 6379 >/dev/null
  done
done
