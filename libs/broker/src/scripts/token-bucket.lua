-- Takes tokens of a bucket that fills steadily. Times are Redis'.
-- KEYS   1 bucket (hash: tokens, at)
-- ARGV   1 tokens that the bucket holds   2 how long it takes to fill, ms   3 tokens wanted
-- Result { tokens granted, tokens left, ms until it is full, ms until there is one again or 0 when there is }
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local limit, window, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(bucket[1] or limit)
local passed = math.max(0, now - (bucket[2] or now))
tokens = math.min(limit, tokens + passed * limit / window)

local granted = math.min(wanted, math.floor(tokens))
if granted > 0 then
  tokens = tokens - granted
  redis.call('HSET', KEYS[1], 'tokens', tokens, 'at', now)
  redis.call('PEXPIRE', KEYS[1], window)
end
local retry = 0
if tokens < 1 then retry = math.ceil((1 - tokens) * window / limit) end
return { granted, math.floor(tokens), math.ceil((limit - tokens) * window / limit), retry }
