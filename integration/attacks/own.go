package attacks

// own were thought of here.
var own = []Attack{
	{ID: "N-01", What: "other marks than dashes in headers that only the door may set", Tests: []string{"TestTheStoreSeesWhatWasVerifiedAndNothingElse"}},
	{ID: "N-02", What: "methods that name paths in their bodies or headers", Tests: []string{"TestAMethodThatIsNotKnownMayNameAnyPath"}},
	{ID: "N-03", What: "another method in a form", Tests: []string{"TestAFormMaySayAnotherMethod"}},
	{ID: "N-04", What: "a tab behind Bearer", Tests: []string{"TestTheStoreSeesWhatWasVerifiedAndNothingElse"}},
	{ID: "N-05", What: "lengths that are not the body's, in frames", Tests: []string{"TestALengthThatIsNotTheBodysIsRefused"}},
	{ID: "N-06", What: "fields with a colon that come twice, late, empty or with too much in them"},
	{ID: "N-07", What: "a host in two places, or more than a host in one"},
	{ID: "N-08", What: "names and values that would be more than one line in HTTP/1.1"},
	{ID: "N-09", What: "trailers in frames", Tests: []string{"TestTrailersCarryNoIdentity"}},
	{ID: "N-10", What: "crumbs of cookies"},
	{ID: "N-11", What: "a websocket by CONNECT", Tests: []string{"TestMethodsThatAreRefused"}},
	{ID: "N-12", What: "fields of HTTP/1.1's connections in frames"},
	{ID: "N-13", What: "first lines that servers read differently"},
	{ID: "N-14", What: "a request behind or within another"},
	{ID: "N-15", What: "chunks that servers read differently"},
	{ID: "N-16", What: "CM-Well's reads and bulk writes by other methods and types"},
	{ID: "N-17", What: "destinations that servers read differently", Tests: []string{"TestWebDAVReachesARealStoreAsFarAsTheUsersPathsAllow"}},
	{ID: "N-18", What: "a page of another site that reads by a script or a websocket what a cookie opens", Tests: []string{"TestAScriptOfAnotherSiteReadsNothingByCookie"}},
	{ID: "N-19", What: "a list of paths whose lines readers end differently", Tests: []string{"TestAListIsNotJudgedThatHasOtherEndsOfLines"}},
}
