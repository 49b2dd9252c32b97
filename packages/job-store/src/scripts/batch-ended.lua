-- Counts jobs of a batch that have ended. Told twice, it counts once; a job that was retried counts as it ended last,
-- and an end that is told after its retry does not count.
-- KEYS see batch-settle
-- ARGV channel, line, state (c, f or x) and generation of each; '' as generation of a job that has ended and is gone
-- Returns how many it had not counted so yet.
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
local changed = 0
for position = 2, #ARGV, 3 do
  local line, state = ARGV[position], ARGV[position + 1]
  local stored = line_state(KEYS, line)
  local before = string.lower(stored)
  local open = open_generation(KEYS, line, before)
  local generation = tonumber(ARGV[position + 2]) or (COUNTERS[before] and -1 or open)
  -- A completed job cannot be opened again, so whatever comes after that is late news.
  if before ~= '\0' and before ~= 'r' and before ~= 'c' and generation >= open then
    if COUNTERS[before] then
      redis.call('HINCRBY', KEYS[1], COUNTERS[before], -1)
    end
    redis.call('HINCRBY', KEYS[1], COUNTERS[state], 1)
    set_line_state(KEYS, line, stored, state)
    redis.call('RPUSH', KEYS[4], line)
    if generation > 0 then
      redis.call('HSET', KEYS[6], line, string.format('%d', generation + 1))
    end
    changed = changed + 1
  end
end
if changed > 0 then
  settle(KEYS, ARGV[1])
end
return changed
