-- The line of one key and kind, shared by the scripts that change it.
-- KEYS[1] is a sorted set: the entries that wait in line, by priority * SEQUENCES + the order in which they came.
-- The other keys begin with its name and share its slot:
--   :admitted   sorted set: the entries in BullMQ, by priority * PRIORITY_UNIT + when that was (ms)
--   :state      hash: weight, max_running, sequence, at_gates; top:PRIORITY and past:GATE
--   :later      set: entries that are not due yet
--   :gates      hash: of each entry of a gate 'LIMIT ID', also while it is away and will come back
--   :gate:ID    sorted set like the line: the entries that wait at this gate
-- `admitted-score.ts` reads what is written with PRIORITY_UNIT.
local SEQUENCES, PRIORITY_UNIT = 2 ^ 40, 2 ^ 42
-- One call admits no more than this, so that it is short.
local FED_MAX = 1000
local line = KEYS[1]
local admitted, state, later, gates = line .. ':admitted', line .. ':state', line .. ':later', line .. ':gates'

-- The score of an entry that is admitted now.
local function score_now(priority)
  return string.format('%.0f', priority * PRIORITY_UNIT + now_ms())
end

-- How many entries of the key are in BullMQ when its window is full, and its weight.
-- `room` is the window of a key with the weight 1.
local function window_of(room)
  local limits = redis.call('HMGET', state, 'weight', 'max_running')
  local weight = tonumber(limits[1] or '') or 1
  local size = math.max(1, math.ceil(room * weight))
  local most = tonumber(limits[2] or '')
  if most and most < size then
    -- Each place is one of a job that may run, so none stays empty.
    return most, weight, most - 1
  end
  return size, weight, math.min(size - 1, math.floor(size * 0.75))
end

-- The place of one more entry of this priority among the admitted of the key, 0 first.
local function rank_of(priority)
  local ahead = redis.call('ZCOUNT', admitted, '-inf', string.format('(%.0f', (priority + 1) * PRIORITY_UNIT))
  if ahead == 0 then
    return 0
  end
  -- Never before one of the same priority that was admitted when there were more.
  return math.max(ahead, tonumber(redis.call('HGET', state, 'top:' .. priority) or '0'))
end

-- Puts an entry among the admitted. Returns its place, divided by the weight.
local function admit(entry, priority, weight)
  local rank = rank_of(priority)
  redis.call('HSET', state, 'top:' .. priority, rank)
  redis.call('ZADD', admitted, score_now(priority), entry)
  return math.floor(rank / weight)
end

-- Admits as many as there is room for. Returns entry, priority and place of each, one after the other.
local function feed(room, weight)
  local fed = {}
  if room < 1 then
    return fed
  end
  local popped = redis.call('ZPOPMIN', line, math.min(room, FED_MAX))
  for position = 1, #popped, 2 do
    local priority = math.floor(tonumber(popped[position + 1]) / SEQUENCES)
    fed[#fed + 1] = popped[position]
    fed[#fed + 1] = priority
    fed[#fed + 1] = admit(popped[position], priority, weight)
  end
  return fed
end

-- The limit and the id of a gate.
local function parse_gate(gate)
  local limit, id = string.match(gate, '^(%d+) (.*)$')
  return tonumber(limit), id
end

local function waiting()
  return redis.call('ZCARD', line) + tonumber(redis.call('HGET', state, 'at_gates') or '0')
end
