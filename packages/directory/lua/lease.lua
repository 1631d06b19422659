-- Begins or renews the lease of a node.
-- KEYS  1 node (hash: boot record state)  2 list (sorted set: node id by last renewal)  3 held (set of instance keys)
-- ARGV  1 id  2 boot  3 record  4 state  5 lease ms  6 retention ms  7 'register' | 'renew'  8 events channel
-- Gives 'kept' | 'restored' | 'replaced'
local current = redis.call('HMGET', KEYS[1], 'boot', 'state')
if ARGV[7] == 'renew' and current[1] and current[1] ~= ARGV[2] then return 'replaced' end
redis.call('HSET', KEYS[1], 'boot', ARGV[2], 'record', ARGV[3], 'state', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('PEXPIRE', KEYS[3], ARGV[6])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[2], string.format('%.0f', now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now - tonumber(ARGV[6])))
if current[1] ~= ARGV[2] or current[2] ~= ARGV[4] then
  redis.call('PUBLISH', ARGV[8], cjson.encode({'node', ARGV[1], ARGV[2], ARGV[4]}))
end
if ARGV[7] == 'renew' and current[1] then return 'kept' end
return 'restored'
