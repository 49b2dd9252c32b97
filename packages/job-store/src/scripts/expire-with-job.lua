-- Lets the deliveries of a job expire when it does. One that is pending keeps its job: the next attempt, and an hour more
-- for a worker to make it. When none is, the job has its retention at most. Shared by the scripts that write deliveries.
local STAY_MS = 3600000

-- For how long a delivery that is pending needs its job, in milliseconds; 0 when none is.
local function needed_ms(deliveries)
  local now = now_ms()
  local needed, fields = 0, redis.call('HGETALL', deliveries)
  for position = 1, #fields, 2 do
    local id = fields[position + 1] == 'pending' and string.match(fields[position], '^(%d+):status$')
    if id then
      local next_at = tonumber(redis.call('HGET', deliveries, id .. ':next') or now)
      needed = math.max(needed, STAY_MS + math.max(next_at - now, 0))
    end
  end
  return needed
end

-- keys: record, log, deliveries. `retention` is the record's PTTL.
local function expire_with_job(keys, retention)
  if retention == -1 then
    redis.call('PERSIST', keys[3])
    return
  end
  local needed = needed_ms(keys[3])
  local most = needed == 0 and redis.call('HGET', keys[1], 'retention_seconds') * 1000 or math.huge
  local left = math.max(math.min(retention, most), needed, 1)
  for position = left == retention and 3 or 1, 3 do
    redis.call('PEXPIRE', keys[position], string.format('%d', left))
  end
end
