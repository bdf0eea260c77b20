-- Asks for the leave to try what has failed. There is one prober at a time in the whole fleet.
-- KEYS   1 breakers (hash of JSON by name)
-- ARGV   1 name   2 token of this probe   3 how long it may take at most, ms   4 channel to tell of a change
--        5 longest life of what is known, ms
-- Result { 'granted' | 'closed' | 'refused', how long to wait, ms }
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = redis.call('HGET', KEYS[1], ARGV[1])
local breaker = found and cjson.decode(found) or { status = 'closed' }
if breaker.status == 'closed' then
  return { 'closed', 0 }
end
if breaker.freeAt > now then
  return { 'refused', breaker.freeAt - now }
end
breaker.status = 'half-open'
breaker.probe = ARGV[2]
breaker.freeAt = now + ARGV[3]
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(breaker))
redis.call('PEXPIRE', KEYS[1], math.max(redis.call('PTTL', KEYS[1]), ARGV[3] + ARGV[5]))
redis.call('PUBLISH', ARGV[4],
  cjson.encode({ name = ARGV[1], status = 'half-open', suspected = false, freeInMs = tonumber(ARGV[3]) }))
return { 'granted', 0 }
