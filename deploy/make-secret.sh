#!/bin/sh
# make-secret.sh NAME: writes a new secret to secrets/backend/NAME, such as redis_password or metrics_token, and says how
# to use it. A value that .env has under that name is taken over. A file that exists is kept.
set -eu
cd "$(dirname "$0")/.."
name=${1:?Name the secret, such as redis_password or metrics_token}
variable=$(printf %s "$name" | tr '[:lower:]' '[:upper:]')
file=secrets/backend/$name

value=$(sed -n "s/^$variable=//p" .env 2>/dev/null | tail -n 1)
if [ -e "$file" ]; then
  echo "$file exists already. Remove it first to make a new one."
else
  [ -n "$value" ] || new=$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')
  # The folder keeps other users of this machine out. The file is read by the containers' users.
  mkdir -p secrets/backend
  chmod 700 secrets
  printf '%s\n' "${value:-$new}" >"$file"
  chmod 644 "$file"
  echo "Wrote $file."
fi
[ -z "$value" ] || echo "Remove $variable from .env."
echo "In .env: ${variable}_FILE=/run/secrets/$name"
