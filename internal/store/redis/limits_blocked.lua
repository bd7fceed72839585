-- Some of who is refused for failures, beginning at a cursor of HSCAN.
-- ARGV, further: "pairs" or "users", the cursor.
local ledger = ARGV[3] == 'users' and users or pairs_of_both
local page = redis.call('HSCAN', ledger.tallies, ARGV[4], 'COUNT', 500)
local found = {}
for i = 1, #page[2], 2 do
	local tally = read(ledger, page[2][i + 1])
	local ends = block_ends(ledger, tally)
	if now < ends then
		found[#found + 1] = {page[2][i], tally.failures, ends}
	end
end
return {page[1], found}
