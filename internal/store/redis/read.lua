-- KEYS: documents, or other strings. ARGV[1]: how many bytes are accepted together.
-- All are of one moment. What is too long is not sent: it would have to be read
-- before it could be refused.
local left = tonumber(ARGV[1])
local found = {}
for i, key in ipairs(KEYS) do
	left = left - redis.call('STRLEN', key)
	if left < 0 then
		return redis.error_reply('TOOLONG ' .. key)
	end
	found[i] = redis.call('GET', key)
end
return found
