-- All that is known of an instance.
-- KEYS  1 own  2 cfg  3 st
-- ARGV  none
-- Gives {'found', node, boot, epoch, config, field, value, ...} | {'deleted'} | {'unknown'}
local own = redis.call('HMGET', KEYS[1], 'node', 'boot', 'epoch', 'deleted')
if own[4] then return {'deleted'} end
local config = redis.call('GET', KEYS[2])
if not own[1] or not config then return {'unknown'} end
local answer = redis.call('HGETALL', KEYS[3])
table.insert(answer, 1, config)
for i = 3, 1, -1 do table.insert(answer, 1, own[i]) end
table.insert(answer, 1, 'found')
return answer
