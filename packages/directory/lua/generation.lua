-- Whether all that was lost is restored. A Redis that came back empty has no generation: whoever asks first begins one. A
-- memory that nobody has named yet may lack the last writes: its server restarted, or was a replica. From either on the
-- owners have the length of a lease to restore what they hold.
-- KEYS  1 generation (hash: id, settled, memory:<name> = settled)
-- ARGV  1 id of a new generation  2 lease ms  3 most memories that are remembered
--       then the names of memories; without any it is this server's
-- Gives {name of this server's memory, ms until all are settled (0: they are)}
local info = redis.pcall('INFO', 'replication')
local this = type(info) == 'string' and string.match(info, 'master_replid:(%x+)') or ''
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local fresh = string.format('%.0f', now + tonumber(ARGV[2]))
local settled = redis.call('HGET', KEYS[1], 'settled')
if not settled then
  settled = fresh
  redis.call('HSET', KEYS[1], 'id', ARGV[1], 'settled', settled)
end
local last = tonumber(settled)
for i = 4, math.max(4, #ARGV) do
  local field = 'memory:' .. (ARGV[i] or this)
  local at = redis.call('HGET', KEYS[1], field)
  if not at then
    if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[3]) + 2 * #ARGV then
      redis.call('DEL', KEYS[1])
      redis.call('HSET', KEYS[1], 'id', ARGV[1], 'settled', settled)
    end
    at = fresh
    redis.call('HSET', KEYS[1], field, at)
  end
  last = math.max(last, tonumber(at))
end
return {this, math.max(0, last - now)}
