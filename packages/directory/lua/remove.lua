-- Deletes an instance and leaves a tombstone with a higher epoch, so that no earlier holder can assert it again. Higher by
-- one, and not by the clock: said again to a Redis that came back empty, it must not keep a later holder from asserting.
-- KEYS  1 own  2 cfg  3 st
-- ARGV  1 node  2 boot  3 epoch  4 retention ms (of the tombstone)  5 events channel  6 instance key
-- Gives {'held'} | {'lost', node, boot, epoch}
local own = redis.call('HMGET', KEYS[1], 'node', 'boot', 'epoch', 'deleted')
if own[4] then return {'held'} end
local known = tonumber(own[3]) or 0
local mine = own[1] == ARGV[1] and own[2] == ARGV[2] and own[3] == ARGV[3]
if not mine and known >= tonumber(ARGV[3]) then return {'lost', own[1], own[2], own[3]} end
local epoch = math.max(known, tonumber(ARGV[3])) + 1
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
redis.call('HSET', KEYS[1], 'node', ARGV[1], 'boot', ARGV[2], 'epoch', string.format('%.0f', epoch), 'deleted', '1')
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PUBLISH', ARGV[5], cjson.encode({'gone', ARGV[6]}))
return {'held'}
