"""Prints what RedisVL itself reads of a session: `URL PREFIX SESSION`."""

import json
import sys
import time

from redisvl.extensions.message_history import MessageHistory

url, prefix, session = sys.argv[1:4]
history = MessageHistory(name=prefix, session_tag=session, prefix=prefix, redis_url=url)
# Its index reads keys that were there before in the background.
for _ in range(100):
    if float(history._index.info()["percent_indexed"]) == 1:
        break
    time.sleep(0.05)
print(json.dumps({"count": history.count(), "recent": history.get_recent(top_k=5)}))
history._index.delete(drop=False)
