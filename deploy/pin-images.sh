#!/bin/sh
# Writes the digest of each base image behind its tag, in the Dockerfiles and Compose files: from then on a build takes the
# same image until this is run again. Needs Docker and the images' registry.
set -eu
cd "$(dirname "$0")/.."
files=$(find docker-compose.yml deploy -name '*.yml' -o -name Dockerfile | grep -v -e /helm/ -e /test/)
# shellcheck disable=SC2086
images=$(sed -nE 's/^FROM( --platform=[^ ]+)? ([^ @]+:[^ @]+).*/\2/p; s/^[[:space:]]*image: ([^ @]+:[^ @]+).*/\1/p' $files | sort -u)
for image in $images; do
  docker pull --quiet "$image" >/dev/null
  # The same image may be known from other registries, with other digests.
  digest=$(docker image inspect --format '{{join .RepoDigests "\n"}}' "$image" | sed -n "s#^${image%:*}@##p")
  escaped=$(printf %s "$image" | sed 's/[.]/\\./g')
  for file in $files; do
    sed -E "s#$escaped(@sha256:[0-9a-f]+)?( |\$)#$image@${digest:?}\\2#" "$file" >"$file.pinned"
    cat "$file.pinned" >"$file"
    rm "$file.pinned"
  done
  echo "$image@$digest"
done
