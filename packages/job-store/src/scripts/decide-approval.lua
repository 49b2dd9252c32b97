-- Decides one call that waits for its approval, once.
-- KEYS record, log
-- ARGV channel, the call's field, decision, largest event to publish in bytes, event
-- Returns { outcome, 1 when the job is parked and waits for no approval any more };
-- outcome is decided, missing, unknown, before, expired or ended.
local fields = redis.call('HGETALL', KEYS[1])
local record = {}
for position = 1, #fields, 2 do
  record[fields[position]] = fields[position + 1]
end
local status = record['status']
if not status then
  return { 'missing', 0 }
end
local state = record[ARGV[2]]
if not state then
  return { 'unknown', 0 }
end
local expires_at = tonumber(state)
if expires_at then
  if is_terminal(status) then
    return { 'ended', 0 }
  end
  if now_ms() >= expires_at then
    return { 'expired', 0 }
  end
  redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
  record[ARGV[2]] = ARGV[3]
  append_event(KEYS[2], ARGV[1], ARGV[5], tonumber(ARGV[4]))
end
local is_due = status == 'parked'
for field, value in pairs(record) do
  if is_approval(field) and tonumber(value) then
    is_due = false
  end
end
return { expires_at and 'decided' or 'before', is_due and 1 or 0 }
