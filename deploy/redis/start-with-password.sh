#!/bin/sh
# Starts Redis with the password of a file. On the command line or in the environment, docker inspect would show it.
set -eu
file=/run/secrets/redis_password
if [ ! -s "$file" ]; then
  echo "secrets/backend/redis_password is no file with a password. Make one: deploy/make-secret.sh redis_password" >&2
  exit 1
fi
umask 077
printf 'include /etc/redis.conf\nrequirepass "%s"\n' "$(sed 's/[\\"]/\\&/g' "$file")" >/tmp/redis.conf
exec redis-server /tmp/redis.conf
