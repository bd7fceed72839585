-- What the limits' scripts have in common: package guard's tallies, in hashes.
-- KEYS: the tallies of pairs of user and client, their names, the tallies of
-- users, their names, the usual clients of one user.
-- ARGV: the rules, and the time in milliseconds, or nothing for this server's.

local rules = cjson.decode(ARGV[1])
local now = tonumber(ARGV[2])
if not now then
	local clock = redis.call('TIME')
	now = clock[1] * 1000 + math.floor(clock[2] / 1000)
end

local pairs_of_both = {tallies = KEYS[1], names = KEYS[2], allowed = rules.failures}
local users = {tallies = KEYS[3], names = KEYS[4], allowed = rules.ceiling}
local homes = KEYS[5]

-- The end of the block that the failures are worth, by the rules as they are now.
local function block_ends(ledger, tally)
	local over = tally.failures - ledger.allowed
	if over < 0 then
		return tally.failed
	end
	return tally.failed + rules.blocks[math.min(over + 1, #rules.blocks)]
end

-- A tally as it was written, without what does not count any more. What is of the
-- future, since the clock was set back, is taken as of now: it would hold until the
-- clock is there again.
local function read(ledger, written)
	local tally = {failures = 0, pending = 0, failed = 0, begun = 0}
	if written then
		local failures, pending, failed, begun = string.match(written, '^(%d+) (%d+) (%d+) (%d+)$')
		failed, begun = tonumber(failed), tonumber(begun)
		tally = {failures = tonumber(failures), pending = tonumber(pending), failed = math.min(failed, now), begun = math.min(begun, now)}
		tally.ahead = math.max(failed, begun) > now
	end
	if now - tally.begun >= rules.under_way then
		tally.pending = 0
	end
	if tally.pending == 0 and now - block_ends(ledger, tally) >= rules.window then
		tally.failures = 0
	end
	return tally
end

local function strike(ledger, name)
	redis.call('HDEL', ledger.tallies, name)
	redis.call('SREM', ledger.names, name)
end

-- Some names are drawn at random, for whoever knew which could place his own
-- around a victim's. Of them goes what says nothing any more, and in a full
-- ledger the one that says the least.
local function make_room(ledger)
	local names = redis.call('SRANDMEMBER', ledger.names, 8)
	if #names == 0 then
		return
	end
	local least, worth
	for i, written in ipairs(redis.call('HMGET', ledger.tallies, unpack(names))) do
		local tally = read(ledger, written)
		local counts = tally.failures + tally.pending
		if counts == 0 then
			strike(ledger, names[i])
		elseif not worth or counts < worth then
			least, worth = names[i], counts
		end
	end
	if least and redis.call('HLEN', ledger.tallies) >= rules.room then
		strike(ledger, least)
	end
end

-- A door with a longer window may have prolonged the key further.
local function prolong(key, life)
	if redis.call('PTTL', key) < life then
		redis.call('PEXPIRE', key, life)
	end
end

local function keep(ledger, name, tally)
	if tally.failures == 0 and tally.pending == 0 then
		strike(ledger, name)
		return
	end
	if redis.call('HEXISTS', ledger.tallies, name) == 0 then
		make_room(ledger)
	end
	redis.call('HSET', ledger.tallies, name,
		string.format('%.0f %.0f %.0f %.0f', tally.failures, tally.pending, tally.failed, tally.begun))
	redis.call('SADD', ledger.names, name)
	prolong(ledger.tallies, rules.longest)
	prolong(ledger.names, rules.longest)
end

local function find(ledger, name)
	local tally = read(ledger, redis.call('HGET', ledger.tallies, name))
	if tally.ahead then
		keep(ledger, name, tally)
	end
	return tally
end
