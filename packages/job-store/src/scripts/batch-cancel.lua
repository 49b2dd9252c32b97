-- Asks for the end of all jobs of a batch that have not ended, and of its upload. That keeps its token until it closes or
-- has been silent for too long: the jobs of the lines that it has taken may still be written.
-- KEYS see batch-settle
-- ARGV channel
-- Returns requested, ended when there is nothing to cancel any more, or missing.
local record = redis.call('HMGET', KEYS[1], 'status', 'upload')
if not record[1] then
  return 'missing'
end
if record[1] ~= 'running' then
  return 'ended'
end
redis.call('HSET', KEYS[1], 'cancel_requested', '1', 'cancelling', '1')
if record[2] == 'receiving' then
  redis.call('HSET', KEYS[1], 'upload', 'cut')
end
settle(KEYS, ARGV[1])
return 'requested'
