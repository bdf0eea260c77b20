-- Takes tokens of a sliding window. The window is counted in ten slices, so that a token comes back between one and
-- 1.1 windows after it was taken, and no window ever sees more than the limit. Times are Redis'.
-- KEYS   1 tokens taken, by slice (hash)
-- ARGV   1 tokens of a window   2 length of the window, ms   3 tokens wanted
-- Result { tokens granted, tokens left, ms until all are back, ms until there is one again or 0 when there is }
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local limit, window, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local slice = math.ceil(window / 10)
local span = math.ceil(window / slice)
local current = math.floor(now / slice)

local used, slices = 0, {}
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local at = tonumber(fields[i])
  if at < current - span then
    redis.call('HDEL', KEYS[1], fields[i])
  else
    used = used + fields[i + 1]
    slices[#slices + 1] = { at, tonumber(fields[i + 1]) }
  end
end

local granted = math.max(0, math.min(wanted, limit - used))
if granted > 0 then
  redis.call('HINCRBY', KEYS[1], string.format('%d', current), granted)
  redis.call('PEXPIRE', KEYS[1], (span + 1) * slice)
  used = used + granted
  slices[#slices + 1] = { current, granted }
end

table.sort(slices, function(a, b) return a[1] < b[1] end)
local function msUntilBack(at) return (at + span + 1) * slice - now end
local reset, retry, back = 0, 0, limit - used
for _, one in ipairs(slices) do
  reset = msUntilBack(one[1])
  back = back + one[2]
  if retry == 0 and used >= limit and back > 0 then retry = reset end
end
return { granted, math.max(0, limit - used), reset, retry }
