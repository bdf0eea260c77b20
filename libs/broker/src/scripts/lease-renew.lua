-- Keeps leases alive whose holders still run.
-- KEYS   1 leases of one tool (sorted set by the time they expire)
-- ARGV   1 time to live, ms   2… leases
-- Result how many
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for at = 2, #ARGV do
  redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[at])
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return #ARGV - 1
