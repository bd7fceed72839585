-- KEYS: the document, the names of its kind, rev_floor, used, shapes.
-- ARGV: the name; the document as it must be, empty for none; the one that it
-- becomes, empty for none; rev_floor as it must be, empty for any; the one that it
-- becomes, empty for no other; the identity of a store that has none yet; 'first'
-- when there must be nobody yet. Then shapes, each with what its number changes by.
-- Returns whether it was as it must be. Otherwise nothing is changed.
local document, names, floor, used, shapes = unpack(KEYS)

-- Redis does not take back what a script has done when it fails half-way: so the
-- first thing is to touch every key, for those that are not what they should be.
local now = redis.call('GET', document) or ''
local former = redis.call('GET', floor) or '0'
redis.call('ZSCORE', names, ARGV[1])
redis.call('HLEN', shapes)
local fresh = not redis.call('GET', used)
if now ~= ARGV[2] or ARGV[4] ~= '' and former ~= ARGV[4] then
	return 0
end
if ARGV[7] == 'first' and not (fresh and redis.call('ZCARD', names) == 0) then
	return 0
end

if ARGV[5] ~= '' then
	redis.call('SET', floor, ARGV[5])
end
if ARGV[3] ~= '' then
	redis.call('SET', document, ARGV[3])
	redis.call('ZADD', names, 0, ARGV[1])
else
	redis.call('DEL', document)
	redis.call('ZREM', names, ARGV[1])
end
if fresh then
	redis.call('SET', used, ARGV[6])
end
for i = 8, #ARGV, 2 do
	if redis.call('HINCRBY', shapes, ARGV[i], ARGV[i + 1]) <= 0 then
		redis.call('HDEL', shapes, ARGV[i])
	end
end
return 1
