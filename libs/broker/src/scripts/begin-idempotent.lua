-- Begins a call with an idempotency key, or says what became of the first one with it.
-- KEYS   1 record (hash)
-- ARGV   1 digest of the arguments   2 who begins it   3 deadline of the call, ms since the epoch   4 now, ms
--        5 time to live, ms   6 '1' when a second run does no harm   7 address to be told at when it ends
-- Result { 'mine' }, { 'conflict' }, { 'running', deadline }, { 'lost' } when it ought to have ended long ago,
--        or { 'done', kind, era, payload }
local record = KEYS[1]
local digest = redis.call('HGET', record, 'digest')
if digest and digest ~= ARGV[1] then
  return { 'conflict' }
end
if digest then
  if redis.call('HGET', record, 'state') == 'done' then
    return { 'done', unpack(redis.call('HMGET', record, 'kind', 'era', 'payload')) }
  end
  local deadline = redis.call('HGET', record, 'deadline')
  if tonumber(ARGV[4]) < tonumber(deadline) then
    local waiters = redis.call('HGET', record, 'waiters')
    if not waiters then
      redis.call('HSET', record, 'waiters', ARGV[7])
    elseif not string.find('\n' .. waiters .. '\n', '\n' .. ARGV[7] .. '\n', 1, true) then
      redis.call('HSET', record, 'waiters', waiters .. '\n' .. ARGV[7])
    end
    return { 'running', deadline }
  end
  if ARGV[6] ~= '1' then
    return { 'lost' }
  end
end
redis.call('HSET', record, 'digest', ARGV[1], 'state', 'running', 'owner', ARGV[2], 'deadline', ARGV[3])
redis.call('PEXPIRE', record, ARGV[5])
return { 'mine' }
