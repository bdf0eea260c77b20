-- Which workers are alive, which offers are remembered, and what operators have ordered.
-- KEYS   1 workers (sorted set)   2 offers (sorted set)   3 orders (hash)
-- ARGV   1 time after which a silent worker counts as lost, ms   2 how long an offer is remembered, ms
-- Result { worker ids, offer hashes, the newest last, orders as names and values in turn }
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return {
  redis.call('ZRANGEBYSCORE', KEYS[1], now - ARGV[1], '+inf'),
  redis.call('ZRANGEBYSCORE', KEYS[2], now - ARGV[2], '+inf'),
  redis.call('HGETALL', KEYS[3])
}
