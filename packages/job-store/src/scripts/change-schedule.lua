-- Changes a schedule, provided that it still is what the caller has read, and notes that BullMQ has to be told.
-- KEYS schedules of its tenant, their last runs, changes that are under way, tenants that have schedules
-- ARGV its id, what the caller has read (empty: there was none), what it becomes (empty: it is deleted), note, now
--   (ms), its tenant
-- Returns 1 when it has been changed.
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then
  return 0
end
redis.call('ZADD', KEYS[3], ARGV[5], ARGV[4])
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
  redis.call('HDEL', KEYS[2], ARGV[1])
  if redis.call('EXISTS', KEYS[1]) == 0 then
    redis.call('SREM', KEYS[4], ARGV[6])
  end
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
  redis.call('SADD', KEYS[4], ARGV[6])
end
return 1
