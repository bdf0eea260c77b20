-- Which worker keeps the state of somebody; the preferred one when nobody does yet.
-- KEYS   1 place of the state
-- ARGV   1 preferred worker   2 time to live since the last use, ms
-- Result worker id
local worker = redis.call('GET', KEYS[1])
if not worker then worker = ARGV[1] end
redis.call('SET', KEYS[1], worker, 'PX', ARGV[2])
return worker
