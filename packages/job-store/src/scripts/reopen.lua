-- Opens a job again that has failed or was cancelled: it is queued, for a new entry in its queue and a new attempt.
-- KEYS record, log, deliveries
-- ARGV channel, the generation that the caller has seen, largest event to publish in bytes, 1 when it begins anew,
--      the event, fields and values to set
-- Returns the generation now, or -1 when the job is gone, -2 when it is not what the caller has seen.
local record = redis.call('HMGET', KEYS[1], 'status', 'generation')
if not record[1] then
  return -1
end
if (record[1] ~= 'failed' and record[1] ~= 'cancelled') or record[2] ~= ARGV[2] then
  return -2
end
-- Its end has taken away what its runs had written besides.
local gone = { 'worker_id', 'started_at' }
if ARGV[4] == '1' then
  -- Its calls are made anew, so they are asked for anew.
  for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
    if is_approval(field) then
      gone[#gone + 1] = field
    end
  end
end
redis.call('HDEL', KEYS[1], unpack(gone))
redis.call('HSET', KEYS[1], 'attempts_before', redis.call('HGET', KEYS[1], 'attempt'))
local generation = redis.call('HINCRBY', KEYS[1], 'generation', 1)
redis.call('HINCRBY', KEYS[1], 'attempt', 1)
redis.call('HSET', KEYS[1], 'status', 'queued', 'run', '0', unpack(ARGV, 6))
redis.call('PERSIST', KEYS[1])
redis.call('PERSIST', KEYS[2])
redis.call('PERSIST', KEYS[3])
append_event(KEYS[2], ARGV[1], ARGV[5], tonumber(ARGV[3]))
return generation
