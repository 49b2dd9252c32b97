-- Begins a cool-down, unless one that lasts longer is under way.
-- KEYS cool-down
-- ARGV how long it lasts (ms)
-- Returns 1 when it has begun, else 0.
if redis.call('PTTL', KEYS[1]) >= tonumber(ARGV[1]) then
  return 0
end
redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
return 1
