-- Deletes what a submission that was cut off has left of a job, unless the job is there whole by now.
-- KEYS record, log
-- Returns 1 when it is not there whole.
if redis.call('EXISTS', KEYS[1], KEYS[2]) == 2 then
  return 0
end
redis.call('DEL', KEYS[1], KEYS[2])
return 1
