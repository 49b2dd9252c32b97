-- Lets go of an idempotency key whose job has been refused. The last of those that hold it frees it.
-- KEYS key
-- ARGV the job's id, who lets go
-- Returns 1 when the key is free.
local stored = redis.call('GET', KEYS[1]) or ''
local hash, id, rest = string.match(stored, '^(%S+) (%S+)(.*)$')
if id ~= ARGV[1] then
  return 0
end
local held = false
local others = ''
for holder in string.gmatch(rest, '%S+') do
  if holder == ARGV[2] then
    held = true
  else
    others = others .. ' ' .. holder
  end
end
if not held then
  return 0
end
if others == '' then
  return redis.call('DEL', KEYS[1])
end
redis.call('SET', KEYS[1], hash .. ' ' .. id .. others, 'KEEPTTL')
return 0
