-- The beginnings of a log's events of some types: what is long stands at an event's end, and stays here.
-- KEYS log
-- ARGV index of the first event to look at, 1 to go on with newer ones or -1 with older ones, longest beginning in bytes,
--      bytes of events after which no further ones are looked at, most events to look at, types
-- Returns { index at which to go on, or -1 when all have been looked at, of each event its index and its beginning }.
local index, direction, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local enough, most = tonumber(ARGV[4]), tonumber(ARGV[5])
local is_wanted = {}
for position = 6, #ARGV do
  is_wanted[ARGV[position]] = true
end
index = math.min(index, redis.call('LLEN', KEYS[1]))
local found, bytes, looked = { -1 }, 0, 0
while index >= 0 do
  if bytes >= enough or looked == most then
    found[1] = index
    return found
  end
  -- One at a time: each may have 8 MiB.
  local event = redis.call('LINDEX', KEYS[1], index)
  if event then
    if is_wanted[string.match(event, '^{"type":"([a-z.]+)"')] then
      found[#found + 1] = index
      found[#found + 1] = string.sub(event, 1, longest)
    end
    bytes = bytes + #event
  elseif direction > 0 then
    return found
  end
  looked = looked + 1
  index = index + direction
end
return found
