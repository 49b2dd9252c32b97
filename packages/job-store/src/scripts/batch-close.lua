-- Ends an upload: from now on none of its jobs is written any more. One that was cut off before stays so.
-- KEYS see batch-settle
-- ARGV channel, the upload's token, complete or cut, 1 when it ends only if it has been silent for too long
-- Returns 1 when it has ended it.
local record = redis.call('HMGET', KEYS[1], 'upload_token', 'upload_until', 'upload')
if record[1] ~= ARGV[2] then
  return 0
end
if ARGV[4] == '1' and tonumber(record[2]) > now_ms() then
  return 0
end
if record[3] == 'receiving' then
  redis.call('HSET', KEYS[1], 'upload', ARGV[3])
end
redis.call('HDEL', KEYS[1], 'upload_token', 'upload_until')
settle(KEYS, ARGV[1])
return 1
