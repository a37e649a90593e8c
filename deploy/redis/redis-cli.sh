#!/bin/sh
# In place of redis-cli where Redis has a password: reads it from its file, as it is not in the environment.
export REDISCLI_AUTH="${REDISCLI_AUTH-$(cat /run/secrets/redis_password)}" PATH=/usr/local/bin:/usr/bin
exec redis-cli "$@"
