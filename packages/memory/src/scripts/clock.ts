import { lua } from "../redis/script.ts";

/** Begins a script: `now` is Redis' time in ms since the Unix epoch. */
export const CLOCK = lua`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;
