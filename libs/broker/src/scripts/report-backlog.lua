-- Notes how many calls of a pool wait in one front door. Times are Redis', so that clocks of hosts do not matter.
-- KEYS   1 backlog of the pool (hash)
-- ARGV   1 front door   2 calls, 0 to take the note back   3 ms that the oldest has waited   4 time to live, ms
-- Result nothing
if ARGV[2] == '0' then
  redis.call('HDEL', KEYS[1], ARGV[1])
  return
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], ARGV[1], string.format('%s %s %d', ARGV[2], ARGV[3], now))
redis.call('PEXPIRE', KEYS[1], ARGV[4])
