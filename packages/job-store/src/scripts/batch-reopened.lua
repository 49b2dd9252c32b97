-- A job of a batch that had failed or was cancelled has been opened again. Told twice, or after the job's next end, it
-- changes nothing.
-- KEYS see batch-settle
-- ARGV channel, line, the job's generation since
local stored = line_state(KEYS, ARGV[2])
local before = string.lower(stored)
if before == '\0' or before == 'r' or before == 'c' then
  return 1
end
local counter = COUNTERS[before]
if tonumber(ARGV[3]) >= open_generation(KEYS, ARGV[2], before) then
  redis.call('HSET', KEYS[6], ARGV[2], ARGV[3])
  if counter then
    redis.call('HINCRBY', KEYS[1], counter, -1)
    set_line_state(KEYS, ARGV[2], stored, 'q')
  end
  settle(KEYS, ARGV[1])
end
return 1
