-- How all breakers stand that are not closed, or of which failures were counted.
-- KEYS   1 breakers (hash of JSON by name)
-- Result a list of events (JSON), as they are told at each change
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local all = redis.call('HGETALL', KEYS[1])
local events = {}
for at = 1, #all, 2 do
  local breaker = cjson.decode(all[at + 1])
  events[#events + 1] = cjson.encode({ name = all[at], status = breaker.status,
    suspected = breaker.failures > 0, freeInMs = math.max(0, (breaker.freeAt or 0) - now) })
end
return events
