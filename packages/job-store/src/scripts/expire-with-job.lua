-- Lets the deliveries of a job expire when it does. Shared by the scripts that write them.
local function expire_with_job(keys, retention)
  if retention == -1 then
    redis.call('PERSIST', keys[2])
  else
    redis.call('PEXPIRE', keys[2], math.max(retention, 1))
  end
end
