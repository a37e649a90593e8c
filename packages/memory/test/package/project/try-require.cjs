const assert = require("node:assert/strict");
const { MessageHistory } = require("@redis-memory-magic/memory");

assert.throws(() => new MessageHistory({}), /client is missing/);
