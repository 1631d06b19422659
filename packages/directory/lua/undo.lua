-- Undoes a create of which its node never heard whether it happened; leaves a tombstone, as a removal does.
-- KEYS  1 own  2 cfg  3 st
-- ARGV  1 node  2 boot  3 request id  4 retention ms (of the tombstone)  5 events channel  6 instance key
-- Gives the epoch that was undone, or nothing when the instance is none of that request's
local own = redis.call('HMGET', KEYS[1], 'node', 'boot', 'epoch', 'request', 'deleted')
if own[5] or own[4] ~= ARGV[3] or own[1] ~= ARGV[1] or own[2] ~= ARGV[2] then return false end
local epoch = tonumber(own[3]) + 1
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
redis.call('HSET', KEYS[1], 'node', ARGV[1], 'boot', ARGV[2], 'epoch', string.format('%.0f', epoch), 'deleted', '1')
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PUBLISH', ARGV[5], cjson.encode({'gone', ARGV[6]}))
return own[3]
