-- Takes an idempotency key for a new job or batch. Where it belongs to one of the same request that may not be there
-- whole, joins those that hold it: who took it writes that very one, and it stays as long as one of them may.
-- KEYS key
-- ARGV hash of the request, fresh id, which stands for the taker too, lifetime in seconds
-- Returns what the key held before, or false.
local stored = redis.call('GET', KEYS[1])
if not stored then
  redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2] .. ' ' .. ARGV[2], 'EX', ARGV[3])
elseif string.match(stored, '^%S+') == ARGV[1] and not string.find(stored, ' written', 1, true) then
  redis.call('SET', KEYS[1], stored .. ' ' .. ARGV[2], 'KEEPTTL')
end
return stored
