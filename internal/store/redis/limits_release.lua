-- Forgets the failures of a name, and says whether there were any.
-- ARGV, further: "pairs" or "users", the name.
local ledger, name = ARGV[3] == 'users' and users or pairs_of_both, ARGV[4]
local tally = find(ledger, name)
local guilty = tally.failures > 0
tally.failures = 0
keep(ledger, name, tally)
return guilty and 1 or 0
