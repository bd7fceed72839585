-- Counts what came of an attempt, even where its tally had to give way meanwhile.
-- ARGV, further: the pair's name, the user, the client, whether the client was a
-- stranger, and "failed", "succeeded" or "abandoned".
local pair, user, client, stranger, came = ARGV[3], ARGV[4], ARGV[5], ARGV[6] == '1', ARGV[7]

local function finish(ledger, name, forgives)
	local tally = find(ledger, name)
	tally.pending = math.max(tally.pending - 1, 0)
	if came == 'failed' then
		tally.failures, tally.failed = tally.failures + 1, now
	elseif forgives then
		tally.failures = 0
	end
	keep(ledger, name, tally)
end

finish(pairs_of_both, pair, came == 'succeeded')
if stranger then
	finish(users, user, false) -- one who got in is no amends for the others
end
if came ~= 'succeeded' then
	return redis.status_reply('OK')
end

redis.call('HSET', homes, client, string.format('%.0f', now))
if redis.call('HLEN', homes) > rules.most_usual then
	local all, oldest, first = redis.call('HGETALL', homes), nil, nil
	for i = 1, #all, 2 do
		local last = tonumber(all[i + 1])
		if all[i] ~= client and (not first or last < first) then
			oldest, first = all[i], last
		end
	end
	redis.call('HDEL', homes, oldest)
end
redis.call('PEXPIRE', homes, rules.usual_for)
return redis.status_reply('OK')
