-- Which memory this is. A Redis that came back empty has no generation: whoever asks first begins one, and for the length
-- of a lease the owners restore what they hold.
-- KEYS  1 generation (hash: id settled)
-- ARGV  1 id of a new generation  2 lease ms
-- Gives {id, ms until it is settled (0: it is)}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local generation = redis.call('HMGET', KEYS[1], 'id', 'settled')
if not generation[1] then
  generation = {ARGV[1], string.format('%.0f', now + tonumber(ARGV[2]))}
  redis.call('HSET', KEYS[1], 'id', generation[1], 'settled', generation[2])
end
return {generation[1], math.max(0, tonumber(generation[2]) - now)}
