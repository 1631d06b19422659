-- Makes an instance, unless its name is taken.
-- KEYS  1 own (hash: node boot epoch request asserted | deleted)  2 cfg (string)  3 st (hash)
-- ARGV  1 node  2 boot  3 request id  4 config  5 retention ms  6 events channel  7 instance key
--       8 ms for which what was lost may still be restored: nothing is made until then
--       9 the memory of which that was said: this server may be its successor by now
--       then field value pairs of the state that it begins with
-- Gives {'created' | 'repeated' | 'exists', node, boot, epoch} | {'unsettled'}
local own = redis.call('HMGET', KEYS[1], 'node', 'boot', 'epoch', 'request', 'deleted')
if own[1] and not own[5] then
  -- The same request again: its answer was lost, its instance is there.
  local repeated = ARGV[3] ~= '' and own[4] == ARGV[3]
  return {repeated and 'repeated' or 'exists', own[1], own[2], own[3]}
end
if tonumber(ARGV[8]) > 0 then return {'unsettled'} end
local info = redis.pcall('INFO', 'replication')
local memory = type(info) == 'string' and string.match(info, 'master_replid:(%x+)') or ''
if memory ~= ARGV[9] then return {'unsettled'} end
local time = redis.call('TIME')
local epoch = math.max((tonumber(own[3]) or 0) + 1, time[1] * 1000 + math.floor(time[2] / 1000))
epoch = string.format('%.0f', epoch)
redis.call('DEL', KEYS[1], KEYS[3])
redis.call('HSET', KEYS[1], 'node', ARGV[1], 'boot', ARGV[2], 'epoch', epoch, 'request', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('SET', KEYS[2], ARGV[4], 'PX', ARGV[5])
for i = 10, #ARGV, 2 do redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1]) end
if #ARGV >= 10 then redis.call('PEXPIRE', KEYS[3], ARGV[5]) end
redis.call('PUBLISH', ARGV[6], cjson.encode({'own', ARGV[7], ARGV[1], ARGV[2], epoch}))
return {'created', ARGV[1], ARGV[2], epoch}
