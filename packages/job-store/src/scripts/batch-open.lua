-- Begins an upload, of a new batch or of one that goes on. One that is under way is taken over: its next write is
-- refused. What it is writing just now may come until it would have been silent for too long.
-- KEYS see batch-settle
-- ARGV channel, the upload's token, how long it may be silent (ms), 1 when the batch may be new,
--      the fields and values of a new batch
-- Returns opened, resumed, cancelled, or gone.
local exists = redis.call('EXISTS', KEYS[1]) == 1
if not exists and ARGV[4] ~= '1' then
  return 'gone'
end
if not exists then
  redis.call('HSET', KEYS[1], unpack(ARGV, 5))
elseif redis.call('HEXISTS', KEYS[1], 'cancel_requested') == 1 then
  return 'cancelled'
end
local overtaken_until = redis.call('HGET', KEYS[1], 'upload_until')
if overtaken_until then
  redis.call('HSET', KEYS[1], 'overtaken_until', overtaken_until)
end
redis.call('HSET', KEYS[1], 'upload', 'receiving', 'upload_token', ARGV[2],
  'upload_until', string.format('%d', now_ms() + ARGV[3]))
settle(KEYS, ARGV[1])
return exists and 'resumed' or 'opened'
