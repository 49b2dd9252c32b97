-- Asks whoever runs a job to stop it. The record keeps the request; the message only wakes.
-- KEYS record, log
-- ARGV control channel, the job's id
-- Returns the job's status, or missing. The request stands when it is running.
local status = redis.call('HGET', KEYS[1], 'status')
if not status then
  return 'missing'
end
if status == 'running' then
  redis.call('HSET', KEYS[1], 'cancel_requested', '1')
  redis.call('PUBLISH', ARGV[1], 'cancel ' .. ARGV[2])
end
return status
