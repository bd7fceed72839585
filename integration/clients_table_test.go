package integration

// clients are those that people use, as they use them.
var clients = []client{
	{name: "curl -u", run: runs("curl", curlArgs()...), tokens: 1, used: "Basic"},
	{name: "curl --digest", run: runs("curl", curlArgs("--digest")...), tokens: 1, used: "Digest SHA-256"},
	{name: "curl --anyauth", run: runs("curl", curlArgs("--anyauth")...), tokens: 1, used: "Digest SHA-256"},
	// Of several challenges, wget takes the last.
	{name: "wget", run: runs("wget", wgetArgs()...), tokens: 1, used: "Basic"},
	{name: "wget", schemes: "schemes digest", run: runs("wget", wgetArgs()...), tokens: 1, used: "Digest MD5"},
	{name: "wget --auth-no-challenge", run: runs("wget", wgetArgs("--auth-no-challenge")...), tokens: 1, used: "Basic"},
	{name: "requests with HTTPDigestAuth", run: runsRequests("digest"), tokens: calledThrice, used: "Digest MD5"},
	{name: "requests with HTTPBasicAuth", run: runsRequests("basic"), tokens: calledThrice, used: "Basic",
		cannot: spoils("it encodes text in ISO 8859-1", "401 Not authenticated.")},
	{name: "requests with HTTPBasicAuth of bytes", run: runsRequests("basic-bytes"), tokens: calledThrice, used: "Basic"},
	{name: "LWP with bytes", run: runsLWP("bytes"), tokens: calledThrice, used: "Digest MD5"},
	{name: "LWP with text", run: runsLWP("text"), tokens: calledThrice, used: "Digest MD5",
		cannot: spoils("Digest::MD5 takes text as ISO 8859-1, and then LWP, with one challenge for each realm, answers Basic's by Digest", "400 credentials are malformed: nonce is missing")},
	{name: "LWP with bytes", schemes: "schemes digest", run: runsLWP("bytes"), tokens: calledThrice, used: "Digest MD5"},
	{name: "LWP with text", schemes: "schemes digest", run: runsLWP("text"), tokens: calledThrice, used: "Digest MD5",
		cannot: spoils("Digest::MD5 takes text as ISO 8859-1", "401 Not authenticated.")},
	{name: "LWP with bytes", schemes: "schemes basic", run: runsLWP("bytes"), tokens: calledThrice, used: "Basic",
		cannot: spoils("it encodes in UTF-8 what is encoded", "401 Not authenticated.")},
	{name: "LWP with text", schemes: "schemes basic", run: runsLWP("text"), tokens: calledThrice, used: "Basic"},
	{name: "digest-fetch", run: runsNode("digest_fetch_login.mjs", "MD5"), tokens: calledThrice, used: "Digest MD5"},
	{name: "digest-fetch with SHA-256", run: runsNode("digest_fetch_login.mjs", "SHA-256"), tokens: calledThrice, used: "Digest SHA-256"},
	{name: "digest-fetch with Basic", run: runsNode("digest_fetch_login.mjs", "basic"), tokens: calledThrice, used: "Basic",
		cannot: spoils("it encodes text in ISO 8859-1", "401 Not authenticated.")},
	{name: "urllib of npm with digestAuth", run: runsNode("urllib_login.mjs", "digest"), tokens: calledThrice, used: "Digest"},
	{name: "urllib of npm with auth", run: runsNode("urllib_login.mjs", "basic"), tokens: calledThrice, used: "Basic"},
	{name: "icholy/digest", run: runsGo, tokens: calledThrice, used: "Digest SHA-256"},
}

// spoils is for a client that has a way of its own with what is not ASCII.
func spoils(why, says string) map[string]spoilt {
	return map[string]spoilt{utf8Password: {why, says}}
}
