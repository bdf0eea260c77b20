-- Writes an entry if it is still of the expected version.
-- KEYS[1] the entry, whose text begins with its version and a colon
-- ARGV[1] expected version; empty when there must be no entry
-- ARGV[2] new text
-- ARGV[3] time to live, milliseconds
-- Result: 1 when it was written, else 0
local kept = redis.call('GET', KEYS[1])
if ARGV[1] == '' then
  if kept then return 0 end
else
  local version = ARGV[1] .. ':'
  if not kept or string.sub(kept, 1, #version) ~= version then return 0 end
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
