-- Writes down the last run of a schedule that is still there, unless a later one is.
-- KEYS schedules of its tenant, their last runs
-- ARGV its id, when it was due (ms since 1970), the run, which begins with {"at":
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then
  return 0
end
local before = redis.call('HGET', KEYS[2], ARGV[1])
if before and tonumber(string.match(before, '^{"at":(%d+)')) > tonumber(ARGV[2]) then
  return 0
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
return 1
