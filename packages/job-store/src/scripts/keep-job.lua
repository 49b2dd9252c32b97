-- Somebody is about to be told of a job whose submission may still be under way: from now on it is not taken back.
-- KEYS record, log
-- Returns 1 when it is there whole, else 0.
if redis.call('EXISTS', KEYS[1], KEYS[2]) < 2 then
  return 0
end
redis.call('HSET', KEYS[1], 'kept', '1')
return 1
