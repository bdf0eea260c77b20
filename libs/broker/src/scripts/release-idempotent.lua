-- Forgets a call with an idempotency key that came to nothing, so that it can be made again.
-- KEYS   1 record (hash)
-- ARGV   1 who began it
-- Result addresses to tell, one a line; '' for none, or when somebody else has begun or ended it since
local record = KEYS[1]
if redis.call('HGET', record, 'state') ~= 'running' or redis.call('HGET', record, 'owner') ~= ARGV[1] then
  return ''
end
local waiters = redis.call('HGET', record, 'waiters') or ''
redis.call('DEL', record)
return waiters
