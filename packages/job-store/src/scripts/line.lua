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
-- One call admits and moves no more than this, so that it is short.
local FED_MAX = 1000
-- How many jobs of a key come in beyond the room of its window, when they go before others of the key.
local URGENT_MAX = 10
local line = KEYS[1]
local admitted, state, later, gates = line .. ':admitted', line .. ':state', line .. ':later', line .. ':gates'

-- The score of an entry that is admitted now.
local function score_now(priority)
  return string.format('%.0f', priority * PRIORITY_UNIT + now_ms())
end

local function priority_of(admitted_score)
  return math.floor(tonumber(admitted_score) / PRIORITY_UNIT)
end

-- How many entries of the key are in BullMQ when its window is full, its weight, how few there are when it is fed, and
-- how many more are let in that are urgent. `room` is the window of a key with the weight 1.
local function window_of(room)
  local limits = redis.call('HMGET', state, 'weight', 'max_running')
  local weight = tonumber(limits[1] or '') or 1
  local size = math.max(1, math.ceil(room * weight))
  local most = tonumber(limits[2] or '')
  if most and most < size then
    -- Each place is one of a job that may run, so none stays empty.
    return most, weight, most - 1, 0
  end
  return size, weight, math.floor(size * 0.75), URGENT_MAX
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

-- Whether the first in line goes before one that is in BullMQ.
local function is_urgent()
  local first = redis.call('ZRANGE', line, 0, 0, 'WITHSCORES')
  local last = #first > 0 and redis.call('ZRANGE', admitted, -1, -1, 'WITHSCORES') or {}
  return #last > 0 and math.floor(tonumber(first[2]) / SEQUENCES) < priority_of(last[2])
end

-- Those in BullMQ that come after entries of this priority, which have just been admitted with those of `fed`. Returns
-- entry, priority and new place of each: it stands anew, behind what has come in before it.
local function behind(priority, weight, fed)
  local first = string.format('%.0f', (priority + 1) * PRIORITY_UNIT)
  local later = redis.call('ZRANGEBYSCORE', admitted, first, '+inf', 'WITHSCORES', 'LIMIT', 0, FED_MAX)
  local moved, new = {}, {}
  if #later == 0 then
    return moved
  end
  for position = 1, #fed, 3 do
    new[fed[position]] = true
  end
  local rank = redis.call('ZCOUNT', admitted, '-inf', '(' .. first)
  for position = 1, #later, 2 do
    if not new[later[position]] then
      local own = priority_of(later[position + 1])
      redis.call('HSET', state, 'top:' .. own, rank)
      moved[#moved + 1] = later[position]
      moved[#moved + 1] = own
      moved[#moved + 1] = math.floor(rank / weight)
    end
    rank = rank + 1
  end
  return moved
end

-- Admits as many as there is room for. Returns entry, priority and place of each, one after the other, and the same of
-- those that now come after them.
local function feed(size, weight, extra)
  local fed = {}
  local function admit_first(count)
    local popped = redis.call('ZPOPMIN', line, count)
    for position = 1, #popped, 2 do
      local priority = math.floor(tonumber(popped[position + 1]) / SEQUENCES)
      fed[#fed + 1] = popped[position]
      fed[#fed + 1] = priority
      fed[#fed + 1] = admit(popped[position], priority, weight)
    end
  end
  local taken = redis.call('ZCARD', admitted)
  if taken < size then
    admit_first(math.min(size - taken, FED_MAX))
    taken = redis.call('ZCARD', admitted)
  end
  while taken < size + extra and is_urgent() do
    admit_first(1)
    taken = taken + 1
  end
  return fed, #fed > 0 and behind(fed[2], weight, fed) or {}
end

-- The limit and the id of a gate.
local function parse_gate(gate)
  local limit, id = string.match(gate, '^(%d+) (.*)$')
  return tonumber(limit), id
end

local function waiting()
  return redis.call('ZCARD', line) + tonumber(redis.call('HGET', state, 'at_gates') or '0')
end
