-- What waits and what runs in one pool, in calls, without reading a long queue: of a long list some jobs stand for all.
-- KEYS   1 wait (list)   2 active (list)   3 prioritized (sorted set)   4 delayed (sorted set)   5 meta (hash)
--        6 backlog of the front doors (hash)
-- ARGV   1 what the keys of the jobs begin with   2 what those of the calls that are done of a running job begin with
--        3 jobs of each list that are looked at, at most   4 how long a report of a front door counts, ms
-- Result { calls waiting, calls active, ms that the oldest waiting call has waited, of those looked at,
--          1 when the pool is paused, 1 when some jobs stood for all }
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local most = tonumber(ARGV[3])
local sampled = 0

-- Calls of these jobs that are not done, and when the oldest was added. A job's name begins with the number of its calls.
local function look(ids)
  local calls, oldest = 0, now
  for _, id in ipairs(ids) do
    local job = redis.call('HMGET', ARGV[1] .. id, 'name', 'timestamp')
    local all = tonumber(string.match(job[1] or '', '^%d+')) or 1
    calls = calls + math.max(0, all - redis.call('SCARD', ARGV[2] .. id))
    oldest = math.min(oldest, tonumber(job[2]) or now)
  end
  return calls, oldest
end

-- Looks at all jobs, or at so many at even distances. The last one of the wait list is the next to be taken.
local function count(length, range, at)
  if length <= most then
    return look(range())
  end
  sampled = 1
  local ids = {}
  for i = 1, most do
    ids[i] = at(math.floor(i * length / most) - 1)
  end
  local calls, oldest = look(ids)
  return math.floor(calls * length / most + 0.5), oldest
end

local function countList(key)
  return count(redis.call('LLEN', key),
    function() return redis.call('LRANGE', key, 0, -1) end,
    function(index) return redis.call('LINDEX', key, index) end)
end

local function countSortedSet(key)
  return count(redis.call('ZCARD', key),
    function() return redis.call('ZRANGE', key, 0, -1) end,
    function(index) return redis.call('ZRANGE', key, index, index)[1] end)
end

local active = countList(KEYS[2])
local waiting, oldest = countList(KEYS[1])
local prioritized, oldestPrioritized = countSortedSet(KEYS[3])
-- A worker that is alive moves what is due to the wait list; without one it stays here. BullMQ's scores are ms * 4096.
local due = redis.call('ZCOUNT', KEYS[4], '-inf', (now + 1) * 4096 - 1)

-- Calls that have not got to the queue yet; what a front door told that is no more does not count.
local held, heldFor = 0, 0
for _, report in ipairs(redis.call('HVALS', KEYS[6])) do
  local calls, waited, at = string.match(report, '^(%d+) (%d+) (%d+)$')
  if now - at <= tonumber(ARGV[4]) then
    held = held + calls
    heldFor = math.max(heldFor, tonumber(waited))
  end
end
return {
  waiting + prioritized + due + held,
  active,
  math.max(heldFor, now - math.min(oldest, oldestPrioritized)),
  redis.call('HEXISTS', KEYS[5], 'paused'),
  sampled
}
