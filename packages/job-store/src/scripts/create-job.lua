-- Writes a new job, unless it is there whole: who repeats a submission under its key may come at the same time as the
-- first one, or after it was cut off. Whoever finds it there answers that it is accepted, so it is not taken back then.
-- KEYS record, log
-- ARGV first event, the record's fields and values
-- Returns 1 when it has been written, 0 when it was there.
local there = redis.call('EXISTS', KEYS[1], KEYS[2])
if there == 2 then
  redis.call('HSET', KEYS[1], 'kept', '1')
  return 0
end
-- What needs memory comes first: a Redis that is full refuses that, and nothing that a script does after its first write.
redis.call('RPUSH', KEYS[2], ARGV[1])
if there == 1 then
  redis.call('LTRIM', KEYS[2], -1, -1)
  redis.call('DEL', KEYS[1])
end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return 1
