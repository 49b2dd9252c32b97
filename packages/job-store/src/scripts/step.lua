-- Writes one step of a run: events, record fields, expiry and the wake-up of readers, all or nothing.
-- KEYS record, log
-- ARGV channel, generation, run, sequence, 1 when the step ends the job, largest event to publish in bytes,
--      number of field and value arguments, the fields and values, the job's id, the events
-- Returns the log's length, or -1 when the job is gone, -2 when it has ended, -3 when the run is fenced off.
local record = redis.call('HMGET', KEYS[1], 'status', 'generation', 'run', 'sequence', 'retention_seconds',
  'reply_to')
local status = record[1]
if not status then
  return -1
end
if record[2] ~= ARGV[2] or record[3] ~= ARGV[3] then
  return -3
end
local sequence = tonumber(ARGV[4])
if sequence <= tonumber(record[4]) then
  -- Written already: the client library repeated the command after a lost connection.
  return redis.call('LLEN', KEYS[2])
end
if status == 'completed' or status == 'failed' or status == 'cancelled' then
  return -2
end
local fields = tonumber(ARGV[7])
redis.call('HSET', KEYS[1], 'sequence', ARGV[4], unpack(ARGV, 8, 7 + fields))
local length = 0
local limit = tonumber(ARGV[6])
for position = 9 + fields, #ARGV do
  local event = ARGV[position]
  length = redis.call('RPUSH', KEYS[2], event)
  -- A large event only wakes the readers, which then read it from the log.
  redis.call('PUBLISH', ARGV[1], #event <= limit and (length .. '\n' .. event) or tostring(length))
end
if ARGV[5] == '1' then
  if record[6] then
    -- The process that submitted the job waits for its end, on a channel that all its requests share.
    local event = ARGV[#ARGV]
    redis.call('PUBLISH', record[6], #event <= limit and (ARGV[8 + fields] .. '\n' .. event) or ARGV[8 + fields])
  end
  -- Of no use any more; a finished job stays around for long.
  redis.call('HDEL', KEYS[1], 'reply_to', 'deadline', 'timeout_ms')
  redis.call('EXPIRE', KEYS[1], record[5])
  redis.call('EXPIRE', KEYS[2], record[5])
end
return length
