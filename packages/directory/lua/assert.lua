-- A holder says again what it holds. What is missing here, or known of an earlier holder, is restored: this is how the
-- directory heals when Redis came back empty or without its last writes. Each assertion leaves its mark: whoever claims from a
-- holder whose lease seemed to be over is refused when it has woken up meanwhile.
-- KEYS  1 own  2 cfg  3 st
-- ARGV  1 node  2 boot  3 epoch  4 retention ms  5 events channel  6 instance key  7 config
--       then field value pairs of the whole state
-- Gives {'held'} | {'restored'} | {'lost', node, boot, epoch} | {'lost'}
local own = redis.call('HMGET', KEYS[1], 'node', 'boot', 'epoch', 'deleted')
local known = tonumber(own[3]) or 0
local mine = own[1] == ARGV[1] and own[2] == ARGV[2] and own[3] == ARGV[3] and not own[4]
if not mine and known >= tonumber(ARGV[3]) then
  if own[4] then return {'lost'} end
  return {'lost', own[1], own[2], own[3]}
end
local time = redis.call('TIME')
local mark = time[1] .. '.' .. time[2]
if mine and redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('HSET', KEYS[1], 'asserted', mark)
  for i = 1, 3 do redis.call('PEXPIRE', KEYS[i], ARGV[4]) end
  return {'held'}
end
redis.call('DEL', KEYS[1], KEYS[3])
redis.call('HSET', KEYS[1], 'node', ARGV[1], 'boot', ARGV[2], 'epoch', ARGV[3], 'request', '', 'asserted', mark)
redis.call('SET', KEYS[2], ARGV[7])
for i = 8, #ARGV, 2 do redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1]) end
for i = 1, 3 do redis.call('PEXPIRE', KEYS[i], ARGV[4]) end
redis.call('PUBLISH', ARGV[5], cjson.encode({'own', ARGV[6], ARGV[1], ARGV[2], ARGV[3]}))
return {'restored'}
