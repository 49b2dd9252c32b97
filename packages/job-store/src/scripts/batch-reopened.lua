-- A job of a batch that had failed or was cancelled is opened again.
-- KEYS see batch-settle
-- ARGV channel, line
local stored = line_state(KEYS, ARGV[2])
local counter = COUNTERS[string.lower(stored)]
if counter and counter ~= 'completed' then
  redis.call('HINCRBY', KEYS[1], counter, -1)
  set_line_state(KEYS, ARGV[2], stored, 'q')
  settle(KEYS, ARGV[1])
end
return 1
