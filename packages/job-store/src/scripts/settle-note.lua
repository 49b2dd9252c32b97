-- Takes a note away, unless somebody has written it anew since.
-- KEYS notes
-- ARGV the job's id, the note's score as the caller knows it
if redis.call('ZSCORE', KEYS[1], ARGV[1]) == ARGV[2] then
  return redis.call('ZREM', KEYS[1], ARGV[1])
end
return 0
