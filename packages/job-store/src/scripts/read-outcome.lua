-- The outcome of a batch's job.
-- KEYS record, log
-- ARGV longest event to answer with, in bytes; 0 is any
-- Returns { custom id or false, last event }, with the event's length instead of a longer one, or false without a job.
local custom_id = redis.call('HGET', KEYS[1], 'custom_id')
local event = redis.call('LINDEX', KEYS[2], -1)
if event and ARGV[1] ~= '0' and #event > tonumber(ARGV[1]) then
  return { custom_id, #event }
end
return { custom_id, event }
