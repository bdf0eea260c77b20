-- Adds the load of one front door to that of all, once in each slice of time, and tells that of the slice before.
-- Times are Redis', so that all front doors have the same slices.
-- KEYS   1 load of the pool (hash: '<slice>:<figure>')
-- ARGV   1 length of a slice, ms   2 slice of the last report of this front door, '' when there was none
--        3 calls on the queue or running   4 least of them since the last report   5 calls answered since then
--        6 whether further calls wait for their turn, 1 or 0   7 tenant of the calls, '' for none, '*' for several
-- Result { slice, and of the one before: calls, least, answered, front doors with waiting calls, 1 when of several tenants }
local time = redis.call('TIME')
local length = tonumber(ARGV[1])
local slice = math.floor((time[1] * 1000 + math.floor(time[2] / 1000)) / length)
local function name(at, figure) return string.format('%d:%s', at, figure) end

if ARGV[2] ~= string.format('%d', slice) then
  for i, figure in ipairs({ 'calls', 'least', 'done', 'waiting' }) do
    if ARGV[i + 2] ~= '0' then redis.call('HINCRBY', KEYS[1], name(slice, figure), ARGV[i + 2]) end
  end
  if ARGV[7] ~= '' then
    local tenant = redis.call('HGET', KEYS[1], name(slice, 'tenant')) or ARGV[7]
    redis.call('HSET', KEYS[1], name(slice, 'tenant'), tenant == ARGV[7] and tenant or '*')
  end
  for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
    if tonumber(string.match(field, '^%d+')) < slice - 1 then redis.call('HDEL', KEYS[1], field) end
  end
  redis.call('PEXPIRE', KEYS[1], 10 * length)
end

local before = redis.call('HMGET', KEYS[1], name(slice - 1, 'calls'), name(slice - 1, 'least'), name(slice - 1, 'done'),
  name(slice - 1, 'waiting'), name(slice - 1, 'tenant'))
local result = { slice }
for i = 1, 4 do result[i + 1] = tonumber(before[i] or 0) end
result[6] = before[5] == '*' and 1 or 0
return result
