-- Lets the deliveries that a job has expire with it.
-- KEYS record, log, deliveries
-- Returns 1, or 0 when the job is gone, or has none.
local retention = redis.call('PTTL', KEYS[1])
if retention == -2 or redis.call('EXISTS', KEYS[3]) == 0 then
  return 0
end
expire_with_job(KEYS, retention)
return 1
