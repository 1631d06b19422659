/** A script that ends the time in which what was lost may be restored. KEYS[1] is the generation. */
export const SETTLE = `
local this = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
redis.call('HSET', KEYS[1], 'id', 'settled', 'settled', '0', 'memory:' .. this, '0')
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if field ~= 'id' then redis.call('HSET', KEYS[1], field, '0') end
end
return 1`;
