-- Which workers are alive, and which offers are remembered.
-- KEYS   1 workers (sorted set)   2 offers (sorted set)
-- ARGV   1 time after which a silent worker counts as lost, ms   2 how long an offer is remembered, ms
-- Result { worker ids, offer hashes, the newest last }
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return {
  redis.call('ZRANGEBYSCORE', KEYS[1], now - ARGV[1], '+inf'),
  redis.call('ZRANGEBYSCORE', KEYS[2], now - ARGV[2], '+inf')
}
