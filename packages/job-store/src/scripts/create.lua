-- Creates a job: its record and the first event of its log.
-- KEYS record, log
-- ARGV channel, event, then field and value pairs
-- Returns 1, or 0 when the job is there already (the client library sent the command again).
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
redis.call('RPUSH', KEYS[2], ARGV[2])
redis.call('PUBLISH', ARGV[1], '1\n' .. ARGV[2])
return 1
