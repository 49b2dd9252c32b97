-- Ends a job that no worker runs: it is cancelled, its time in the queue is over, or its workers die of it.
-- KEYS record, log
-- ARGV channel, status, generation and run that the caller has seen, status to set, largest event to publish in
--      bytes, the job's id, the terminal event
-- Returns ended, missing, terminal, or changed when the job is not what the caller has seen, or its cancel has been
-- requested and it would end otherwise.
local record = redis.call('HMGET', KEYS[1], 'status', 'generation', 'run', 'retention_seconds', 'reply_to',
  'cancel_requested')
local status = record[1]
if not status then
  return 'missing'
end
if is_terminal(status) then
  return 'terminal'
end
if status ~= ARGV[2] or record[2] ~= ARGV[3] or record[3] ~= ARGV[4] then
  return 'changed'
end
if record[6] and ARGV[5] ~= 'cancelled' then
  return 'changed'
end
redis.call('HSET', KEYS[1], 'status', ARGV[5])
end_job(KEYS, ARGV[1], record[5], ARGV[7], ARGV[8], record[4], tonumber(ARGV[6]))
return 'ended'
