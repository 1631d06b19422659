-- Takes an instance from the holder that is named; refused when it has changed hands since.
-- KEYS  1 own  2 cfg  3 st
-- ARGV  1 node  2 boot  3 from node  4 from boot  5 from epoch  6 retention ms  7 events channel  8 instance key
--       9 'expired' | other reasons  10 the mark of the holder's last assertion, as it was before its lease was looked at
-- Gives {'claimed', epoch, config, field, value, ...} | {'moved' | 'alive', node, boot, epoch} | {'gone'}
local own = redis.call('HMGET', KEYS[1], 'node', 'boot', 'epoch', 'deleted', 'asserted')
local config = redis.call('GET', KEYS[2])
if not own[1] or own[4] or not config then return {'gone'} end
if own[1] ~= ARGV[3] or own[2] ~= ARGV[4] or own[3] ~= ARGV[5] then return {'moved', own[1], own[2], own[3]} end
if ARGV[9] == 'expired' and (own[5] or '') ~= ARGV[10] then return {'alive', own[1], own[2], own[3]} end
local time = redis.call('TIME')
local epoch = math.max(tonumber(own[3]) + 1, time[1] * 1000 + math.floor(time[2] / 1000))
epoch = string.format('%.0f', epoch)
redis.call('HSET', KEYS[1], 'node', ARGV[1], 'boot', ARGV[2], 'epoch', epoch)
for i = 1, 3 do redis.call('PEXPIRE', KEYS[i], ARGV[6]) end
redis.call('PUBLISH', ARGV[7], cjson.encode({'own', ARGV[8], ARGV[1], ARGV[2], epoch}))
local answer = redis.call('HGETALL', KEYS[3])
table.insert(answer, 1, config)
table.insert(answer, 1, epoch)
table.insert(answer, 1, 'claimed')
return answer
