-- Begins a run of a job. Refuses a job that has ended and a run that is not newer than the stored one.
-- KEYS record, log, deliveries
-- ARGV channel, generation, run, worker id, now (ms, the worker's clock), event, 1 when the request is wanted,
--      take-overs without a new step that end the job, 1 when the run begins nothing before it has said so;
--      until then its time stands still
-- Returns { outcome, attempt, started at, milliseconds left, deadline, first event or false, log's length,
--   1 when a cancel has been requested, take-overs in a row, 1 when an earlier run was cut off that may have begun,
--   attempts before the job was last reopened, its batch or false };
-- outcome is claimed, missing (also when only the log is), terminal, stale, overdue when its time in the queue is over, or crash_loop.
local record = redis.call('HMGET', KEYS[1], 'status', 'generation', 'run', 'worker_id', 'sequence',
  'attempt', 'started_at', 'deadline', 'timeout_ms', 'left_ms', 'queue_deadline', 'cancel_requested',
  'crashes', 'idle_run', 'unknown_run', 'attempts_before', 'batch_id')
local status = record[1]
if not status then
  return { 'missing' }
end
if is_terminal(status) then
  return { 'terminal' }
end
-- The log holds the request. One that was lost, as by an eviction, is not begun again, and the job is gone with it.
local first = redis.call('LINDEX', KEYS[2], 0)
if not first or string.sub(first, 1, 20) ~= '{"type":"job.queued"' then
  redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
  return { 'missing' }
end
local generation, run = tonumber(ARGV[2]), tonumber(ARGV[3])
local stored_generation, stored_run = tonumber(record[2]), tonumber(record[3])
-- The client library repeats a command whose answer was lost with the connection.
local repeated = generation == stored_generation and run == stored_run
  and record[4] == ARGV[4] and record[5] == '0'
if not repeated and (generation < stored_generation
    or (generation == stored_generation and run <= stored_run)) then
  return { 'stale' }
end
-- Deadlines are on Redis' clock: it is the only one that all workers share.
local now = now_ms()
if status == 'queued' and record[11] and now >= tonumber(record[11]) then
  return { 'overdue' }
end
local crashes = tonumber(record[13] or '0')
-- Runs are counted anew in an entry that the sweeper has made for one that was lost.
local is_new_entry = generation > stored_generation
local is_unknown = record[15] == ARGV[3] and not is_new_entry
if status == 'running' and not repeated then
  -- The run before was cut off: its worker died, lost its lock, or gave the job back.
  crashes = crashes + 1
  redis.call('HSET', KEYS[1], 'crashes', crashes)
  if crashes >= tonumber(ARGV[8]) then
    return { 'crash_loop' }
  end
  is_unknown = record[14] ~= record[3]
  if is_unknown then
    redis.call('HSET', KEYS[1], 'unknown_run', ARGV[3])
  end
end
if is_new_entry then
  redis.call('HDEL', KEYS[1], 'idle_run')
  if not is_unknown then
    redis.call('HDEL', KEYS[1], 'unknown_run')
  end
end
local started_at = record[7] or ARGV[5]
local left = tonumber(record[10])
-- A job whose time stood still, while it waited for an approval or for a place, goes on with what it had left.
local deadline = left and (now + left) or tonumber(record[8]) or (now + tonumber(record[9]))
local length
if repeated then
  length = redis.call('LLEN', KEYS[2])
else
  redis.call('HSET', KEYS[1], 'status', 'running', 'generation', ARGV[2], 'run', ARGV[3],
    'worker_id', ARGV[4], 'sequence', '0', 'started_at', started_at, 'deadline', string.format('%d', deadline))
  if ARGV[9] == '1' and not is_unknown then
    redis.call('HSET', KEYS[1], 'idle_run', ARGV[3], 'left_ms', string.format('%d', deadline - now))
  elseif record[10] then
    redis.call('HDEL', KEYS[1], 'left_ms')
  end
  local event = ARGV[6]
  if record[6] ~= '1' then
    event = string.gsub(event, '"attempt":1', '"attempt":' .. record[6], 1)
  end
  if status == 'parked' then
    event = string.gsub(event, 'job.started', 'job.resumed', 1)
  end
  length = redis.call('RPUSH', KEYS[2], event)
  redis.call('PUBLISH', ARGV[1], length .. '\n' .. event)
end
return { 'claimed', record[6], started_at, deadline - now, string.format('%d', deadline),
  ARGV[7] == '1' and first, length, record[12] and 1 or 0,
  crashes, is_unknown and 1 or 0, tonumber(record[16] or '0'), record[17] }
