-- Appends events to an aggregate if nobody else did since the expected version.
-- KEYS[1] the stream of the aggregate; the id of an event is its version and '-0'
-- ARGV[1] expected version: that of the last event, 0 when there is none
-- ARGV[2…] type, data and time of each event
-- Result: { 1, new version }, or { 0, version } when it is of another version
local version = 0
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if last then version = tonumber(string.match(last[1], '^%d+')) end
if version ~= tonumber(ARGV[1]) then return { 0, version } end
for at = 2, #ARGV, 3 do
  version = version + 1
  redis.call('XADD', KEYS[1], string.format('%.0f-0', version), 't', ARGV[at], 'd', ARGV[at + 1], 'a', ARGV[at + 2])
end
return { 1, version }
