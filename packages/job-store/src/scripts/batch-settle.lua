-- Shared by the scripts that change a batch: finishes it when no upload is under way and all of its jobs have ended,
-- takes it up again when there is more to do, and tells its readers.
--
-- KEYS of all of them: record, hashes, states, ended, rejections, generations.
-- `states` has one byte for each line: 0 nothing, r rejected, w accepted but its job perhaps not written yet,
-- q accepted, c completed, f failed, x cancelled. A capital: the line came again and was rejected, because of another
-- content, or by its check when its job was perhaps not written. `hashes` has 6 bytes for each line: 0 when it never had
-- a job. One that is withdrawn is 0 and keeps its hash, for its upload may go on. `ended` has the lines in the order of
-- their ends. `generations` has, of lines whose jobs have been opened again, the first generation whose end is news.
local HASH_LENGTH = 6
local COUNTERS = { c = 'completed', f = 'failed', x = 'cancelled' }

local function line_state(keys, line)
  local state = redis.call('GETRANGE', keys[3], line - 1, line - 1)
  return state == '' and '\0' or state
end

-- Sets a line's state, and keeps its case.
local function set_line_state(keys, line, before, state)
  local is_capital = before ~= string.lower(before)
  redis.call('SETRANGE', keys[3], line - 1, is_capital and string.upper(state) or state)
end

-- The first generation of a line's job whose end has not been counted.
local function open_generation(keys, line, state)
  return tonumber(redis.call('HGET', keys[6], line) or (COUNTERS[state] and '1' or '0'))
end

local function settle(keys, channel)
  local record = redis.call('HMGET', keys[1], 'accepted', 'completed', 'failed', 'cancelled', 'upload',
    'cancel_requested', 'retention_seconds', 'status')
  local revision = redis.call('HINCRBY', keys[1], 'revision', 1)
  local now = string.format('%d', now_ms())
  redis.call('HSET', keys[1], 'changed_at', now)
  local pending = tonumber(record[1]) - tonumber(record[2]) - tonumber(record[3]) - tonumber(record[4])
  if pending == 0 and record[5] ~= 'receiving' then
    if record[8] == 'running' then
      redis.call('HSET', keys[1], 'status', record[6] and 'cancelled' or 'completed',
        'finished_at', now)
      redis.call('HDEL', keys[1], 'cancelling')
    end
    for _, key in ipairs(keys) do
      redis.call('EXPIRE', key, record[7])
    end
  elseif record[8] ~= 'running' then
    redis.call('HSET', keys[1], 'status', 'running')
    redis.call('HDEL', keys[1], 'finished_at')
    for _, key in ipairs(keys) do
      redis.call('PERSIST', key)
    end
  end
  redis.call('PUBLISH', channel, revision)
end
