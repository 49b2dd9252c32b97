-- Writes one step of a run: events, record fields, expiry and the wake-up of readers, all or nothing.
-- KEYS record, log
-- ARGV channel, generation, run, worker id, sequence, kind of step, largest event to publish in bytes,
--      number of field and value arguments, the fields and values, the job's id, the events
-- Kinds: 'go' changes no state; 'park', 'retry' and 'end' are refused when the job's cancel has been requested;
--      'retry' queues the job for its next attempt, which has a deadline of its own;
--      'end' and 'cancel' end the job with their last event.
-- Returns the log's length, or -1 when the job is gone, -2 when it has ended or is parked, -3 when the run is fenced
--      off, -4 when its cancel has been requested, -5 when an approval that it sets has been decided before.
local record = redis.call('HMGET', KEYS[1], 'status', 'generation', 'run', 'sequence', 'retention_seconds',
  'reply_to', 'cancel_requested', 'worker_id')
local status = record[1]
if not status then
  return -1
end
-- The same run may be two workers' after a failover that has forgotten the claim of the first.
if record[2] ~= ARGV[2] or record[3] ~= ARGV[3] or record[8] ~= ARGV[4] then
  return -3
end
if tonumber(ARGV[5]) <= tonumber(record[4]) then
  -- Written already: the client library repeated the command after a lost connection.
  return redis.call('LLEN', KEYS[2])
end
if status ~= 'running' then
  return -2
end
local kind = ARGV[6]
if record[7] and (kind == 'end' or kind == 'park' or kind == 'retry') then
  return -4
end
local fields = tonumber(ARGV[8])
for position = 9, 8 + fields, 2 do
  -- Somebody's word may have come since the run read the log: a call is decided once.
  if is_approval(ARGV[position]) then
    local stored = redis.call('HGET', KEYS[1], ARGV[position])
    if stored and not tonumber(stored) then
      return -5
    end
  end
end
redis.call('HSET', KEYS[1], 'sequence', ARGV[5], unpack(ARGV, 9, 8 + fields))
if kind == 'retry' then
  redis.call('HDEL', KEYS[1], 'deadline', 'queue_deadline', 'left_ms')
end
local length = 0
local limit = tonumber(ARGV[7])
local ends = kind == 'end' or kind == 'cancel'
for position = 10 + fields, ends and #ARGV - 1 or #ARGV do
  length = append_event(KEYS[2], ARGV[1], ARGV[position], limit)
end
if ends then
  return end_job(KEYS, ARGV[1], record[6], ARGV[9 + fields], ARGV[#ARGV], record[5], limit)
end
return length
