-- Makes sure that a job has a delivery for one of its events, and that its deliveries expire with it.
-- KEYS record, log, deliveries
-- ARGV the event's id, what it is
-- Returns { status, generation }, or nothing when the job is gone.
local retention = redis.call('PTTL', KEYS[1])
if retention == -2 then
  return {}
end
if redis.call('HSETNX', KEYS[3], ARGV[1], ARGV[2]) == 1 then
  redis.call('HSET', KEYS[3], ARGV[1] .. ':status', 'pending', ARGV[1] .. ':generation', 0)
end
expire_with_job(KEYS, retention)
return redis.call('HMGET', KEYS[3], ARGV[1] .. ':status', ARGV[1] .. ':generation')
