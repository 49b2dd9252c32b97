-- Whether a job of this status has ended.
local function is_terminal(status)
  return status == 'completed' or status == 'failed' or status == 'cancelled'
end
