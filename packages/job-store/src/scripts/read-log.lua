-- A page of a log: as many events as fit into it, one at least.
-- KEYS log
-- ARGV id of the event before the page, most events, bytes after which no further ones are read
-- Returns { 1 when there are more, the events, 1 when there is no log }.
local after, most, enough = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
-- How many are fetched at a time: what one fetch brings is bounded by their number alone.
local at_once = 4
local events, bytes, is_full = {}, 0, false
while not is_full do
  local from = after + #events
  local wanted = math.min(at_once, most - #events)
  local found = redis.call('LRANGE', KEYS[1], from, from + wanted - 1)
  for _, event in ipairs(found) do
    if #events > 0 and bytes + #event > enough then
      return { 1, events, 0 }
    end
    events[#events + 1] = event
    bytes = bytes + #event
  end
  is_full = #found < wanted or #events == most
end
local length = redis.call('LLEN', KEYS[1])
return { length > after + #events and 1 or 0, events, length == 0 and 1 or 0 }
