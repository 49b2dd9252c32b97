-- Takes lines back whose jobs have never been written: their upload was cut off in between, or refused at its key's cap.
-- KEYS see batch-settle
-- ARGV channel, the upload's token ('' when none is under way), the lines
-- Returns how many; none when another upload is under way, whose lines they may be by now, or when one that was taken
-- over may still be writing their jobs.
local record = redis.call('HMGET', KEYS[1], 'upload_token', 'overtaken_until')
if (record[1] or '') ~= ARGV[2] or tonumber(record[2] or '0') > now_ms() then
  return 0
end
local withdrawn = 0
for position = 3, #ARGV do
  local line = ARGV[position]
  local stored = line_state(KEYS, line)
  if string.lower(stored) == 'w' then
    -- One that was rejected when it came again is only that now. The hash stays.
    redis.call('SETRANGE', KEYS[3], line - 1, stored == 'W' and 'r' or '\0')
    withdrawn = withdrawn + 1
  end
end
if withdrawn > 0 then
  redis.call('HINCRBY', KEYS[1], 'accepted', -withdrawn)
  settle(KEYS, ARGV[1])
end
return withdrawn
