-- Keeps a cached text, unless one of its tags was invalidated since the work on it began.
-- KEYS   1 entry   2… generations of its tags
-- ARGV   1 generations that were read before the work began, joined by commas   2 text   3 time to live, ms
-- Result 1, or 0 when it was out of date already
local now = {}
for i = 2, #KEYS do
  now[i - 1] = redis.call('GET', KEYS[i]) or ''
end
local generations = table.concat(now, ',')
if generations ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], generations .. '\n' .. ARGV[2], 'PX', ARGV[3])
return 1
