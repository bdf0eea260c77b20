-- Notes how a try went, and moves the breaker accordingly. Times are Redis', so that clocks of hosts do not matter.
-- KEYS   1 breakers (hash of JSON by name)
-- ARGV   1 name   2 verdict: good, bad, neither, or tripped when one process has seen enough for all
--        3 token of the probe that it was, '' when it was none
--        4 failures that open   5 time that it stays open, ms   6 good probes that close
--        7 channel to tell of a change   8 how long what is known outlives its last change, ms
-- Result what was told (JSON), or nil when there was nothing to tell
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local verdict = ARGV[2]
local function closed() return { status = 'closed', failures = 0, good = 0, freeAt = 0 } end
local OPEN = { status = 'open', failures = 0, good = 0, freeAt = now + ARGV[5] }
local found = redis.call('HGET', KEYS[1], ARGV[1])
local breaker = found and cjson.decode(found) or closed()
local news = true

if breaker.status == 'closed' then
  if verdict == 'tripped' or (verdict == 'bad' and breaker.failures + 1 >= tonumber(ARGV[4])) then
    breaker = OPEN
  elseif verdict == 'bad' then
    breaker.failures = breaker.failures + 1
    news = breaker.failures == 1
  elseif verdict == 'good' and breaker.failures > 0 then
    breaker = closed()
  else
    return false
  end
elseif ARGV[3] ~= '' and breaker.probe == ARGV[3] then
  breaker.probe = nil
  breaker.freeAt = 0
  if verdict == 'bad' then
    breaker = OPEN
  elseif verdict == 'good' then
    breaker.good = breaker.good + 1
    if breaker.good >= tonumber(ARGV[6]) then breaker = closed() end
  end
else
  -- The end of a call that was begun before it opened says nothing new.
  return false
end

if breaker.status == 'closed' and breaker.failures == 0 then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(breaker))
  local life = math.max(0, breaker.freeAt - now) + ARGV[8]
  if redis.call('PTTL', KEYS[1]) < life then redis.call('PEXPIRE', KEYS[1], life) end
end
if not news then return false end
local told = cjson.encode({ name = ARGV[1], status = breaker.status, suspected = breaker.failures > 0,
  freeInMs = math.max(0, breaker.freeAt - now) })
redis.call('PUBLISH', ARGV[7], told)
return told
