-- Lets a delivery begin anew: what is still planned of the old one finds another generation, and does nothing.
-- KEYS record, deliveries
-- ARGV the event's id
-- Returns 1, or 0 when there is no such delivery.
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('HEXISTS', KEYS[2], ARGV[1]) == 0 then
  return 0
end
redis.call('HINCRBY', KEYS[2], ARGV[1] .. ':generation', 1)
redis.call('HSET', KEYS[2], ARGV[1] .. ':status', 'pending')
redis.call('HDEL', KEYS[2], ARGV[1] .. ':next')
return 1
