-- KEYS: rev_floor. ARGV: what it is to be at least. Both are below 2^53, which Lua
-- knows exactly.
local now = tonumber(redis.call('GET', KEYS[1]) or '0')
if not now then
	return redis.error_reply('WRONGTYPE rev_floor is no number')
end
if tonumber(ARGV[1]) > now then
	redis.call('SET', KEYS[1], ARGV[1])
end
return 1
