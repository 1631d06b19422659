-- Ends the lease of a node, if it is this life's.
-- KEYS  1 node  2 list
-- ARGV  1 id  2 boot  3 events channel
-- Gives 1 when it was ended, else 0
if redis.call('HGET', KEYS[1], 'boot') ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('PUBLISH', ARGV[3], cjson.encode({'node', ARGV[1], ARGV[2], 'gone'}))
return 1
