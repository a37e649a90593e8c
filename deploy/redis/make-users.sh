#!/bin/sh
# Makes the users of deploy/redis-acl.yml with passwords of their own, in secrets/. What is there is kept.
set -eu
cd "$(dirname "$0")/../.."

if [ -e secrets/redis/users.acl ]; then
  echo "secrets/redis/users.acl is there already. Remove it first to make new passwords."
  exit 0
fi

password() {
  head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'
}

hash_of() {
  if command -v sha256sum >/dev/null; then printf %s "$1" | sha256sum; else printf %s "$1" | shasum -a 256; fi |
    cut -d ' ' -f 1
}

backend=$(password)
admin=$(password)
# The folder keeps other users of this machine out. The containers' users, who do not exist here, read the files.
mkdir -p secrets/redis secrets/backend
chmod 700 secrets
printf 'redis://chat:%s@redis:6379/0\n' "$backend" >secrets/backend/redis_url
printf '%s\n' "$admin" >secrets/redis/admin_password
# Without a name one may ask whether Redis is alive, as the health check does, and nothing else.
cat >secrets/redis/users.acl <<USERS
user default on nopass resetkeys resetchannels -@all +ping
user chat on #$(hash_of "$backend") resetkeys ~chat_history:* resetchannels &chat_history:* -@all +@read +@write +@scripting +@pubsub +@connection +@transaction +time -@dangerous +info
user admin on #$(hash_of "$admin") ~* &* +@all
USERS
chmod 644 secrets/backend/redis_url secrets/redis/users.acl
chmod 600 secrets/redis/admin_password
echo "Wrote secrets/redis/users.acl, secrets/redis/admin_password and secrets/backend/redis_url."
