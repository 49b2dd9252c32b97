-- Forgets a tenant that has no jobs. Whoever writes a job lists it in the index first, and then the tenant.
-- KEYS index of the tenant, tenants
-- ARGV the tenant
-- Returns 1 when it was known and is not any more.
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
return redis.call('SREM', KEYS[2], ARGV[1])
