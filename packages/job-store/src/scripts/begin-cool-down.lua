-- Begins a cool-down, unless one that lasts longer is under way.
-- KEYS cool-down
-- ARGV its end (ms since 1970), how long it lasts (ms)
-- Returns 1 when it has begun, else 0.
local current = tonumber(redis.call('GET', KEYS[1]) or '0')
if current >= tonumber(ARGV[1]) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
