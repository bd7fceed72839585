-- Lets an attempt through, or says for how many milliseconds not.
-- ARGV, further: the pair's name, the user, the client.
local pair, user, client = ARGV[3], ARGV[4], ARGV[5]

-- How long the name is refused. When those under way may still succeed there is
-- no block yet, and what comes of them is known soon.
local function wait(ledger, tally)
	local ends = block_ends(ledger, tally)
	if now < ends then
		return ends - now
	end
	if tally.pending > 0 and tally.failures + tally.pending >= ledger.allowed then
		return 1000
	end
	return 0
end

local function begin(ledger, name, tally)
	tally.pending, tally.begun = tally.pending + 1, now
	keep(ledger, name, tally)
end

local last = redis.call('HGET', homes, client)
local stranger = not last or now - tonumber(last) >= rules.usual_for
local of_pair = find(pairs_of_both, pair)
local of_user = find(users, user)
local refused = wait(pairs_of_both, of_pair)
if stranger then
	refused = math.max(refused, wait(users, of_user))
end
if refused > 0 then
	return {refused, 0}
end
begin(pairs_of_both, pair, of_pair)
if stranger then
	begin(users, user, of_user)
end
return {0, stranger and 1 or 0}
