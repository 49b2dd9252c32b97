-- Counts jobs of a batch that have ended. Told twice, it counts once; a job that was retried counts as it ended last.
-- KEYS see batch-settle
-- ARGV channel, line and state (c, f or x) of each
-- Returns how many it had not counted so yet.
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
local changed = 0
for position = 2, #ARGV, 2 do
  local line, state = ARGV[position], ARGV[position + 1]
  local stored = line_state(KEYS, line)
  local before = string.lower(stored)
  -- A completed job cannot be opened again, so whatever comes after that is late news.
  if before ~= '\0' and before ~= 'r' and before ~= 'c' and before ~= state then
    if COUNTERS[before] then
      redis.call('HINCRBY', KEYS[1], COUNTERS[before], -1)
    end
    redis.call('HINCRBY', KEYS[1], COUNTERS[state], 1)
    set_line_state(KEYS, line, stored, state)
    redis.call('RPUSH', KEYS[4], line)
    changed = changed + 1
  end
end
if changed > 0 then
  settle(KEYS, ARGV[1])
end
return changed
