-- Ends flights and begins others. Whoever begins one that is under way is put on its list of followers.
-- KEYS   flights to end, then flights to begin (strings: address of the leader, then those of followers, one a line)
-- ARGV   1 how many to end   2 time to live, ms   3… own address for each key
-- Result for each that ends: its followers, one a line, '' for none or when another leads it by now;
--        for each that begins: the address of its leader, '' when that is the caller from now on
local ends = tonumber(ARGV[1])
local results = {}
for i, key in ipairs(KEYS) do
  local address = ARGV[i + 2]
  local result = ''
  if i <= ends then
    local list = redis.call('GETDEL', key)
    if list == address then
      result = ''
    elseif list and string.match(list, '^[^\n]*') == address then
      result = string.sub(list, #address + 2)
    elseif list then
      redis.call('SET', key, list, 'PX', ARGV[2])
    end
  elseif not redis.call('SET', key, address, 'NX', 'PX', ARGV[2]) then
    result = string.match(redis.call('GET', key), '^[^\n]*')
    redis.call('APPEND', key, '\n' .. address)
  end
  results[i] = result
end
return results
