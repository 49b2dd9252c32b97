-- Writes down one attempt of a delivery. Of a delivery that has been replayed since, its state is left to the replay.
-- KEYS record, log, deliveries
-- ARGV the event's id, generation, status, when it is tried next (ms since 1970; empty: never), attempts to keep,
--      the attempt (empty: none was made)
-- Returns 1 when it stands.
local id = ARGV[1]
local retention = redis.call('PTTL', KEYS[1])
if retention == -2 or redis.call('HEXISTS', KEYS[3], id) == 0 then
  return 0
end
if ARGV[6] ~= '' then
  local count = redis.call('HINCRBY', KEYS[3], id .. ':count', 1)
  redis.call('HSET', KEYS[3], id .. ':' .. count, ARGV[6])
  redis.call('HDEL', KEYS[3], id .. ':' .. (count - tonumber(ARGV[5])))
end
if redis.call('HGET', KEYS[3], id .. ':generation') == ARGV[2] then
  redis.call('HSET', KEYS[3], id .. ':status', ARGV[3])
  if ARGV[4] == '' then
    redis.call('HDEL', KEYS[3], id .. ':next')
  else
    redis.call('HSET', KEYS[3], id .. ':next', ARGV[4])
  end
end
expire_with_job(KEYS, retention)
return 1
