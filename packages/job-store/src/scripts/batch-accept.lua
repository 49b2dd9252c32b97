-- Takes lines of an upload into their batch, each once. Without any, it only tells that the upload is still there.
-- KEYS see batch-settle
-- ARGV channel, the upload's token, how long it may be silent (ms), longest retention of their jobs (s), most
--      rejections to keep, number of the first line, a mark for each line (a to accept, r to reject, - nothing there),
--      6 bytes of hash for each line, rest of the JSON of a mismatch behind its number, line and JSON of each rejection
-- Returns { outcome, an answer for each line }; outcome is ok, gone, cancelled or superseded. Answers: n new,
-- w accepted before but perhaps not written, s there, m another content was there, r rejected, - nothing.
local record = redis.call('HMGET', KEYS[1], 'upload_token', 'cancel_requested', 'lines', 'retention_seconds', 'tenant')
if not record[5] then
  return { 'gone', '' }
end
if record[2] then
  return { 'cancelled', '' }
end
if record[1] ~= ARGV[2] then
  return { 'superseded', '' }
end
redis.call('HSET', KEYS[1], 'upload_until', string.format('%d', now_ms() + ARGV[3]))
local first, marks, count = tonumber(ARGV[6]), ARGV[7], #ARGV[7]
if count == 0 then
  return { 'ok', '' }
end
local rejections = {}
for position = 10, #ARGV, 2 do
  rejections[tonumber(ARGV[position])] = ARGV[position + 1]
end
local stored_states = redis.call('GETRANGE', KEYS[3], first - 1, first + count - 2)
local stored_hashes = redis.call('GETRANGE', KEYS[2], (first - 1) * HASH_LENGTH, (first + count - 1) * HASH_LENGTH - 1)
stored_states = stored_states .. string.rep('\0', count - #stored_states)
stored_hashes = stored_hashes .. string.rep('\0', count * HASH_LENGTH - #stored_hashes)
local NO_HASH = string.rep('\0', HASH_LENGTH)

local accepted, rejected = 0, 0
local function reject(line, json)
  if redis.call('HEXISTS', KEYS[5], line) == 1 or redis.call('HLEN', KEYS[5]) < tonumber(ARGV[5]) then
    redis.call('HSET', KEYS[5], line, json)
  end
end
local function forgive(line)
  rejected = rejected - 1
  redis.call('HDEL', KEYS[5], line)
end

local states, hashes, answers = {}, {}, {}
for index = 1, count do
  local line = first + index - 1
  local mark = string.sub(marks, index, index)
  local state = string.sub(stored_states, index, index)
  local hash = string.sub(stored_hashes, (index - 1) * HASH_LENGTH + 1, index * HASH_LENGTH)
  local sent = string.sub(ARGV[8], (index - 1) * HASH_LENGTH + 1, index * HASH_LENGTH)
  local answer = mark
  if mark == '-' then
    if state == 'r' then
      forgive(line)
      state = '\0'
    end
    if state == '\0' then
      hash = NO_HASH
    end
  elseif mark == 'r' and string.lower(state) == 'w' then
    -- Whether it has a job shows later. It may have none, and then this is all that is known of it.
    if state == 'w' then
      rejected = rejected + 1
    end
    reject(line, rejections[line])
    state = 'W'
  elseif state ~= '\0' and state ~= 'r' then
    local plain = string.lower(state)
    if hash == sent then
      answer = plain == 'w' and 'w' or 's'
      if state ~= plain then
        forgive(line)
      end
      state = plain
    else
      answer = 'm'
      if state == plain then
        rejected = rejected + 1
        reject(line, '{"line":' .. line .. ARGV[9])
      end
      state = string.upper(state)
    end
  elseif mark == 'r' then
    if state ~= 'r' then
      rejected = rejected + 1
    end
    reject(line, rejections[line])
    state = 'r'
  else
    if state == 'r' then
      forgive(line)
    end
    accepted = accepted + 1
    answer, state, hash = 'n', 'w', sent
  end
  states[index], hashes[index], answers[index] = state, hash, answer
end
redis.call('SETRANGE', KEYS[3], first - 1, table.concat(states))
redis.call('SETRANGE', KEYS[2], (first - 1) * HASH_LENGTH, table.concat(hashes))
redis.call('HINCRBY', KEYS[1], 'accepted', accepted)
redis.call('HINCRBY', KEYS[1], 'rejected', rejected)
redis.call('HSET', KEYS[1], 'lines', math.max(tonumber(record[3]), first + count - 1),
  'retention_seconds', math.max(tonumber(record[4]), tonumber(ARGV[4])))
settle(KEYS, ARGV[1])
return { 'ok', table.concat(answers) }
