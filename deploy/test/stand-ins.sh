#!/bin/sh
# Builds stand-ins for the base images that the Dockerfiles and Compose files name, from Debian packages and npm's
# Node.js: for machines that reach no image registry. What is there already is kept.
#
# Needs root, debootstrap, npm and a running Docker engine.
#   DEBIAN_MIRROR   default: the one of this machine's own apt
#   EXTRA_CA        a PEM file of certificate authorities that the images shall trust, for networks that inspect TLS
set -eu

repository=$(cd "$(dirname "$0")/../.." && pwd)
mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep -m 1 '/debian/*$' || true)}
if [ -z "$mirror" ]; then
  echo "No Debian mirror is among this machine's apt sources. Name one: DEBIAN_MIRROR=URL $0" >&2
  exit 2
fi
extra_ca=/usr/local/share/ca-certificates/extra.crt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The tag that the product names for an image.
tag_of() {
  cat "$repository"/deploy/*/Dockerfile "$repository"/deploy/*.yml "$repository"/deploy/*/*.yml |
    sed -nE "s/^(FROM( --platform=[^ ]+)?|[[:space:]]*image:) ($1:[^ ]+).*/\3/p" | head -n 1
}

# debian FOLDER SUITE PACKAGES: a small Debian with these packages.
debian() {
  # The scripts of suites that debootstrap does not know yet are those of sid.
  script=/usr/share/debootstrap/scripts/$2
  [ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
  debootstrap --variant=minbase ${3:+--include="$3"} "$2" "$1" "$mirror" "$script" >"$work/log" 2>&1 || {
    tail -n 20 "$work/log" >&2
    exit 1
  }
  rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/* "$1"/usr/share/doc "$1"/usr/share/man
  [ -z "${EXTRA_CA:-}" ] || install -D -m 644 "$EXTRA_CA" "$1$extra_ca"
}

# import_as TAG FOLDER [CHANGE...]
import_as() {
  tag=$1 folder=$2
  shift 2
  [ -z "${EXTRA_CA:-}" ] || set -- --change 'ENV NODE_EXTRA_CA_CERTS='"$extra_ca" "$@"
  # Tells the suite of the chapters what it runs on.
  set -- --change 'LABEL stand-in=debian' "$@"
  tar -C "$folder" --numeric-owner -c . | docker import "$@" - "$tag" >/dev/null
  rm -rf "$folder"
  echo "made $tag"
}

missing() {
  [ -n "$1" ] && ! docker image inspect "$1" >/dev/null 2>&1
}

node=$(tag_of node)
if missing "$node"; then
  debian "$work/node" trixie
  npm install --silent --ignore-scripts --prefix "$work/npm" "node-linux-$(node -p process.arch)@24" npm@11
  install -m 755 "$work"/npm/node_modules/node-linux-*/bin/node "$work/node/usr/local/bin/node"
  mkdir -p "$work/node/usr/local/lib/node_modules"
  cp -r "$work/npm/node_modules/npm" "$work/node/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$work/node/usr/local/bin/npm"
  chroot "$work/node" useradd --uid 1000 --create-home --shell /bin/bash node
  import_as "$node" "$work/node" --change 'CMD ["node"]'
fi

nginx=$(tag_of nginx)
if missing "$nginx"; then
  debian "$work/nginx" forky nginx,curl
  chroot "$work/nginx" useradd --uid 101 --system --shell /usr/sbin/nologin nginx
  import_as "$nginx" "$work/nginx" --change 'CMD ["nginx", "-g", "daemon off;"]'
fi

redis=$(tag_of redis)
if missing "$redis"; then
  debian "$work/redis" bookworm redis-server
  # As in the image that it stands for: the data in /data, owned by the user redis.
  install -d -o 999 -g 999 "$work/redis/data"
  chroot "$work/redis" sh -c 'usermod -u 999 redis && groupmod -g 999 redis'
  import_as "$redis" "$work/redis" --change 'WORKDIR /data' --change 'CMD ["redis-server"]'
fi

caddy=$(tag_of caddy)
if missing "$caddy"; then
  debian "$work/caddy" forky caddy,ca-certificates,wget
  import_as "$caddy" "$work/caddy" --change 'CMD ["caddy", "run"]'
fi
