-- Takes the mark off a BullMQ queue that holds nothing, so that no worker looks in vain. Whoever adds an entry marks it
-- again.
-- KEYS wait, prioritized, delayed, marker
-- Returns 1 when it holds nothing.
if redis.call('EXISTS', KEYS[1], KEYS[2], KEYS[3]) > 0 then
  return 0
end
redis.call('ZREM', KEYS[4], '0')
return 1
