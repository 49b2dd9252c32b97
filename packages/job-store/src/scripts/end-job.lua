-- Ends a job: its last event, for the log, its readers and the process that waits for it, and expiry of its keys.
-- Shared by the scripts that end jobs. The caller has set the record's status.
local function end_job(keys, channel, reply_to, job_id, event, retention, limit)
  local id = append_event(keys[2], channel, event, limit)
  if reply_to then
    -- The process that submitted the job waits for its end, on a channel that all its requests share.
    announce(reply_to, job_id, event, limit)
  end
  -- Of no use any more; a finished job stays around for long.
  redis.call('HDEL', keys[1], 'reply_to', 'deadline', 'timeout_ms', 'queue_deadline', 'left_ms', 'cancel_requested',
    'crashes', 'idle_run', 'unknown_run')
  redis.call('EXPIRE', keys[1], retention)
  redis.call('EXPIRE', keys[2], retention)
  return id
end
