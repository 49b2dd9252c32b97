-- Takes a new job back that its key's cap refuses, unless somebody else has been told of it meanwhile.
-- KEYS record, log
-- Returns 1 when nothing of it is left, 0 when it stays.
if redis.call('HEXISTS', KEYS[1], 'kept') == 1 then
  return 0
end
redis.call('DEL', KEYS[1], KEYS[2])
return 1
