-- Begins a run of a job. Refuses a job that has ended and a run that is not newer than the stored one.
-- KEYS record, log
-- ARGV channel, generation, run, worker id, now (ms, the worker's clock), event, 1 when the request is wanted
-- Returns { outcome, attempt, started at, milliseconds left, deadline, first event or false };
-- outcome is claimed, missing, terminal or stale.
local record = redis.call('HMGET', KEYS[1], 'status', 'generation', 'run', 'worker_id', 'sequence',
  'attempt', 'started_at', 'deadline', 'timeout_ms')
local status = record[1]
if not status then
  return { 'missing' }
end
if status == 'completed' or status == 'failed' or status == 'cancelled' then
  return { 'terminal' }
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
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local started_at = record[7] or ARGV[5]
local deadline = tonumber(record[8]) or (now + tonumber(record[9]))
if not repeated then
  redis.call('HSET', KEYS[1], 'status', 'running', 'generation', ARGV[2], 'run', ARGV[3],
    'worker_id', ARGV[4], 'sequence', '0', 'started_at', started_at, 'deadline', string.format('%d', deadline))
  local id = redis.call('RPUSH', KEYS[2], ARGV[6])
  redis.call('PUBLISH', ARGV[1], id .. '\n' .. ARGV[6])
end
return { 'claimed', record[6], started_at, deadline - now, string.format('%d', deadline),
  ARGV[7] == '1' and redis.call('LINDEX', KEYS[2], 0) }
