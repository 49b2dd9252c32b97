-- Lets a delivery begin anew: what is still planned of the old one finds another generation, and does nothing.
-- KEYS record, log, deliveries
-- ARGV the event's id
-- Returns 1, or 0 when there is no such delivery.
local retention = redis.call('PTTL', KEYS[1])
if retention == -2 or redis.call('HEXISTS', KEYS[3], ARGV[1]) == 0 then
  return 0
end
redis.call('HINCRBY', KEYS[3], ARGV[1] .. ':generation', 1)
redis.call('HSET', KEYS[3], ARGV[1] .. ':status', 'pending')
redis.call('HDEL', KEYS[3], ARGV[1] .. ':next')
expire_with_job(KEYS, retention)
return 1
