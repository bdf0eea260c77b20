-- Records that a worker is alive and what it serves. Times are Redis', so that clocks of hosts do not matter. The first
-- write only removes: after one such, Redis lets a script go on that is out of memory, and the fleet stays known.
-- KEYS   1 workers (sorted set)   2 record of the worker   3 offers (sorted set)   4 the worker's offer
--        5 orders (hash)
-- ARGV   1 worker id   2 record (JSON)   3 offer hash   4 offer (JSON, or '' when it only has to be kept alive)
--        5 time to live of the record, ms   6 time to live of the offer, ms
-- Result { 1, or 0 when the offer was not there and has to be sent; what was ordered, '' for nothing }
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local order = redis.call('HGET', KEYS[5], 'worker:' .. ARGV[1]) or ''
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[5])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - ARGV[6])
if ARGV[4] ~= '' then
  redis.call('SET', KEYS[4], ARGV[4], 'PX', ARGV[6])
elseif redis.call('PEXPIRE', KEYS[4], ARGV[6]) == 0 then
  return { 0, order }
end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[5])
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZADD', KEYS[3], now, ARGV[3])
return { 1, order }
