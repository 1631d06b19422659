-- Changes the state of an instance, for its holder only.
-- KEYS  1 own  2 cfg  3 st
-- ARGV  1 node  2 boot  3 epoch  4 retention ms  5 replace (1 | 0)  6 how many fields are removed
--       then the fields to remove, then field value pairs to set
-- Gives {'held'} | {'lost', node, boot, epoch} | {'lost'}
local own = redis.call('HMGET', KEYS[1], 'node', 'boot', 'epoch', 'deleted')
if not own[1] or own[4] then return {'lost'} end
if own[1] ~= ARGV[1] or own[2] ~= ARGV[2] or own[3] ~= ARGV[3] then return {'lost', own[1], own[2], own[3]} end
if ARGV[5] == '1' then redis.call('DEL', KEYS[3]) end
local first = 7 + tonumber(ARGV[6])
for i = 7, first - 1 do redis.call('HDEL', KEYS[3], ARGV[i]) end
for i = first, #ARGV, 2 do redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1]) end
for i = 1, 3 do redis.call('PEXPIRE', KEYS[i], ARGV[4]) end
return {'held'}
