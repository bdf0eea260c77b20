-- Changes a task, unless somebody else has since it was read: the one way in which a task ever changes.
-- KEYS   1 task (hash)
-- ARGV   1 version that was read, '' when there was no such task   2 new state (JSON)
--        3 result or error that it ends with (JSON), '' when it does not   4 time to live, ms, '' to leave it
--        5 channel to tell of the change, '' to tell nobody   6 what to tell
-- Result 1, or 0 when it was changed meanwhile
local version = redis.call('HGET', KEYS[1], 'version') or ''
if version ~= ARGV[1] then
  return 0
end
if ARGV[3] ~= '' then
  -- After a write that only removes, Redis lets a script go on that is out of memory: the outcome of a task is kept.
  redis.call('HDEL', KEYS[1], 'none')
end
redis.call('HSET', KEYS[1], 'version', (tonumber(version) or 0) + 1, 'state', ARGV[2])
if ARGV[3] ~= '' then
  redis.call('HSET', KEYS[1], 'outcome', ARGV[3])
end
if ARGV[4] ~= '' then
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
if ARGV[5] ~= '' then
  redis.call('PUBLISH', ARGV[5], ARGV[6])
end
return 1
