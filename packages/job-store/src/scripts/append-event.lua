-- What a channel is told of an event: what `name` says, and the event behind it unless it is too large. A large one only
-- wakes the readers, which then read it from the log.
local function announce(channel, name, event, limit)
  redis.call('PUBLISH', channel, #event <= limit and (name .. '\n' .. event) or tostring(name))
end

-- Writes an event into a job's log and tells the readers. Returns the event's id.
local function append_event(log, channel, event, limit)
  local id = redis.call('RPUSH', log, event)
  announce(channel, id, event, limit)
  return id
end
