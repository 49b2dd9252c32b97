-- Takes lines back whose jobs have never been written: their upload was cut off in between, or refused at its key's cap.
-- KEYS see batch-settle
-- ARGV channel, the upload's token ('' when none is under way), the lines
-- Returns how many; none when another upload is under way, whose lines they may be by now.
if (redis.call('HGET', KEYS[1], 'upload_token') or '') ~= ARGV[2] then
  return 0
end
local withdrawn = 0
for position = 3, #ARGV do
  local line = ARGV[position]
  if string.lower(line_state(KEYS, line)) == 'w' then
    redis.call('SETRANGE', KEYS[3], line - 1, '\0')
    withdrawn = withdrawn + 1
  end
end
if withdrawn > 0 then
  redis.call('HINCRBY', KEYS[1], 'accepted', -withdrawn)
  settle(KEYS, ARGV[1])
end
return withdrawn
