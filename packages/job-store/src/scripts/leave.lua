-- Takes jobs of one key and kind out: they have ended, or wait for something and come back. Feeds the line when there
-- is enough room.
-- KEYS line
-- ARGV room, 'low' to feed only when many places are free, else 'all', number of entries that are back, number of
--      those that leave for a while, then these entries: those that are back, those that leave for a while, those that
--      have ended
-- Returns { entry, priority and place of each that is admitted now; the same of those that come after them now }.
local has_gates = redis.call('EXISTS', gates) == 1
local back = 4 + tonumber(ARGV[3])
local pausing = back + tonumber(ARGV[4])
for position = 5, back do
  -- It runs in any case, before all new ones; it is only counted, at its gate too: so no other passes as long as there
  -- are too many.
  local entry = ARGV[position]
  local is_back = redis.call('ZADD', admitted, 'NX', score_now(0), entry) == 1
  local gate = is_back and has_gates and redis.call('HGET', gates, entry)
  if gate then
    local _, id = parse_gate(gate)
    redis.call('HINCRBY', state, 'past:' .. id, 1)
  end
end

-- Lets those through whose turn it is.
local function open(limit, id)
  local past, gate = redis.call('HINCRBY', state, 'past:' .. id, -1), line .. ':gate:' .. id
  while past < limit do
    local popped = redis.call('ZPOPMIN', gate)
    if #popped == 0 then
      break
    end
    redis.call('HINCRBY', state, 'at_gates', -1)
    redis.call('ZADD', line, popped[2], popped[1])
    past = redis.call('HINCRBY', state, 'past:' .. id, 1)
  end
  if past < 1 then
    redis.call('HDEL', state, 'past:' .. id)
  end
end

-- Wherever the entry is. Of one that comes back, its gate is kept.
local function take_out(entry, comes_back)
  local was_past = redis.call('ZREM', admitted, entry) + redis.call('ZREM', line, entry) > 0
  redis.call('SREM', later, entry)
  local gate = has_gates and redis.call('HGET', gates, entry)
  if gate then
    local limit, id = parse_gate(gate)
    if not comes_back then
      redis.call('HDEL', gates, entry)
    end
    if was_past then
      open(limit, id)
    elseif redis.call('ZREM', line .. ':gate:' .. id, entry) == 1 then
      redis.call('HINCRBY', state, 'at_gates', -1)
    end
  end
end

-- Most have been admitted, and stand at no gate: one command for all of them.
local leaving = #ARGV - back
if leaving > 0 and (has_gates or redis.call('ZREM', admitted, unpack(ARGV, back + 1)) < leaving) then
  for position = back + 1, #ARGV do
    take_out(ARGV[position], position <= pausing)
  end
end

local taken = redis.call('ZCARD', admitted)
if taken == 0 and redis.call('EXISTS', line, later, gates) == 0 then
  redis.call('DEL', state)
  return { {}, {} }
end
local size, weight, low, extra = window_of(tonumber(ARGV[1]))
if ARGV[2] == 'all' or taken <= low or (extra > 0 and is_urgent()) then
  return { feed(size, weight, extra) }
end
return { {}, {} }
