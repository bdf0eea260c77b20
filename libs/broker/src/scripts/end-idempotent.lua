-- Ends a call with an idempotency key: the first outcome stands.
-- KEYS   1 record (hash)
-- ARGV   1 kind of outcome, 'result' or 'error'   2 era of the payload   3 payload   4 time to live, ms
--        5 digest of the arguments, should Redis have lost the record
-- Result { '', addresses to tell, one a line }, or { kind, payload } of the outcome that stands already
local record = KEYS[1]
if redis.call('HGET', record, 'state') == 'done' then
  return redis.call('HMGET', record, 'kind', 'payload')
end
local waiters = redis.call('HGET', record, 'waiters') or ''
redis.call('HSET', record, 'digest', ARGV[5], 'state', 'done', 'kind', ARGV[1], 'era', ARGV[2], 'payload', ARGV[3])
redis.call('HDEL', record, 'waiters', 'owner')
redis.call('PEXPIRE', record, ARGV[4])
return { '', waiters }
