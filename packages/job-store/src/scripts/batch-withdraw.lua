-- Takes lines back whose jobs have never been written: their upload was cut off in between.
-- KEYS see batch-settle
-- ARGV channel, the lines
local withdrawn = 0
for position = 2, #ARGV do
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
