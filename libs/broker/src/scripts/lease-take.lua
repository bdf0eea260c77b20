-- Takes one of a bounded number of leases, unless all are taken. Those of dead holders expire.
-- KEYS   1 leases of one tool (sorted set by the time they expire)
-- ARGV   1 lease   2 how many there are   3 time to live, ms
-- Result 1, or 0 when all are taken
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then
  return 0
end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
