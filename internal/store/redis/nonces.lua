-- Uses a count of a nonce, and says whether it is for the first time.
-- KEYS: the used counts of the nonce. ARGV: the count, how far apart counts may
-- arrive, and for how many milliseconds the nonce is remembered.
local used, count, window = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local highest = redis.call('ZREVRANGE', used, 0, 0)[1]
if highest and count <= tonumber(highest) - window then
	return 0
end
if redis.call('ZADD', used, 'NX', count, ARGV[1]) == 0 then
	return 0
end
redis.call('ZREMRANGEBYSCORE', used, '-inf', math.max(count, tonumber(highest or 0)) - window)
if redis.call('PTTL', used) < tonumber(ARGV[3]) then
	redis.call('PEXPIRE', used, ARGV[3])
end
return 1
