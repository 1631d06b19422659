-- Names the memory of the server that has a key: the name is another when that server restarts, and when a replica takes over.
-- KEYS  1 any key
-- ARGV  none
-- Gives the name, or '' where it may not be asked for
local info = redis.pcall('INFO', 'replication')
if type(info) ~= 'string' then return '' end
return string.match(info, 'master_replid:(%x+)') or ''
