-- Lines whose jobs have been written whole, and have reached their line or queue.
-- KEYS see batch-settle
-- ARGV first line, last line
local states = redis.call('GETRANGE', KEYS[3], ARGV[1] - 1, ARGV[2] - 1)
redis.call('SETRANGE', KEYS[3], ARGV[1] - 1, (string.gsub(string.gsub(states, 'w', 'q'), 'W', 'Q')))
return 1
