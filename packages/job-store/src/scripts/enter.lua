-- Lets jobs of one key and kind into their line, and admits those that there is room for.
-- KEYS line
-- ARGV room, mode, weight ('' keeps what is stored), most that may run at a time ('' for no cap),
--      most that may wait or run ('' for no cap), 1 when a weight and a cap that are stored go before these, then of
--      each job its entry, priority and gate ('' or 'LIMIT ID')
-- Modes: 'wait' joins the line; 'now' admits all, because the caller knows that there is room: they are new, of no gate
--      and of one priority; 'later' only counts the jobs, which are not due yet.
-- An entry that is there already stays where it is; one that was admitted is answered as if it were fed.
-- Returns { the entries that are refused; admitted before; priority of all these, or -1; waiting after; not due after;
--   { entry, priority and place of each that is admitted now }; { the same of those that come after them now } }.
local room, mode = tonumber(ARGV[1]), ARGV[2]
local before = redis.call('ZCARD', admitted)
local same, worst = -1, -1
if before > 0 then
  local first = redis.call('ZRANGE', admitted, 0, 0, 'WITHSCORES')
  local last = before > 1 and redis.call('ZRANGE', admitted, -1, -1, 'WITHSCORES') or first
  same, worst = priority_of(first[2]), priority_of(last[2])
  if worst ~= same then
    same = -1
  end
end
local limits = ARGV[3] ~= '' and { 'weight', ARGV[3], 'max_running', ARGV[4] } or {}
if mode == 'now' then
  -- The way of most jobs: as few commands as can be.
  local priority, entries = tonumber(ARGV[8]), {}
  local top = (before > 0 and rank_of(priority) or 0) + (#ARGV - 6) / 3 - 1
  local score = score_now(priority)
  for position = 7, #ARGV, 3 do
    entries[#entries + 1] = score
    entries[#entries + 1] = ARGV[position]
  end
  redis.call('ZADD', admitted, unpack(entries))
  redis.call('HSET', state, 'top:' .. priority, top, unpack(limits))
  local moved = {}
  if worst > priority then
    local _, weight = window_of(room)
    moved = behind(priority, weight, {})
  end
  return { {}, before, same, waiting(), redis.call('SCARD', later), {}, moved }
end

if #limits > 0 and (ARGV[6] ~= '1' or redis.call('HEXISTS', state, 'weight') == 0) then
  redis.call('HSET', state, unpack(limits))
end
local size, weight, _, extra = window_of(room)
local free = math.huge
if ARGV[5] ~= '' then
  free = tonumber(ARGV[5]) - before - waiting() - redis.call('SCARD', later)
end

local function join_line(entry, priority, gate)
  local score = string.format('%.0f', priority * SEQUENCES + redis.call('HINCRBY', state, 'sequence', 1))
  if gate ~= '' then
    local limit, id = parse_gate(gate)
    if tonumber(redis.call('HGET', state, 'past:' .. id) or '0') >= limit then
      redis.call('ZADD', line .. ':gate:' .. id, score, entry)
      redis.call('HINCRBY', state, 'at_gates', 1)
      return
    end
    redis.call('HINCRBY', state, 'past:' .. id, 1)
  end
  redis.call('ZADD', line, 'NX', score, entry)
end

local refused, again = {}, {}
local function enter(entry, priority, gate)
  local due = mode ~= 'later' and redis.call('SREM', later, entry) == 1
  if due then
    gate = redis.call('HGET', gates, entry) or ''
  else
    if redis.call('ZSCORE', admitted, entry) then
      again[#again + 1] = entry
      again[#again + 1] = priority
      again[#again + 1] = 0
      return
    end
    if redis.call('ZSCORE', line, entry) or redis.call('HEXISTS', gates, entry) == 1
        or redis.call('SISMEMBER', later, entry) == 1 then
      return
    end
    if free < 1 then
      refused[#refused + 1] = entry
      return
    end
    free = free - 1
    if gate ~= '' then
      redis.call('HSET', gates, entry, gate)
    end
  end
  if mode == 'later' then
    redis.call('SADD', later, entry)
  else
    join_line(entry, priority, gate)
  end
end

for position = 7, #ARGV, 3 do
  enter(ARGV[position], tonumber(ARGV[position + 1]), ARGV[position + 2])
end
local fed, moved = {}, {}
if mode == 'wait' then
  fed, moved = feed(size, weight, extra)
end
for _, value in ipairs(again) do
  fed[#fed + 1] = value
end
return { refused, before, same, waiting(), redis.call('SCARD', later), fed, moved }
