package integration

import (
	"net"
	"strings"
	"sync/atomic"
	"testing"
)

func TestRedisConfigurationsThatDoNotLoad(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, "password", "let me in\n", 0o600)
	put(t, folder, "wide", "let me in\n", 0o644)
	put(t, folder, "empty", "\n", 0o600)
	t.Setenv("CMWELL_TEST_URL", "redis://door:very-secret@host:1/x")
	t.Setenv("CMWELL_TEST_EMPTY", "")
	t.Setenv("CMWELL_TEST_WORD", "nonsense")
	t.Setenv("CMWELL_TEST_LONG", strings.Repeat("x", 101))
	for _, row := range []struct{ url, block, says string }{
		{"{env.CMWELL_TEST_URL}", "", "users redis: url: what was found is no URL of a Redis"},
		{"{env.CMWELL_TEST_EMPTY}", "", "users redis: url: what was found is no URL of a Redis"},
		{"{nonsense}", "", "users redis: url: unrecognized placeholder"},
		{"redis://", "", "url: no host found"},
		{"redis://a:1", "cluster b:2", "url: a host found beside sentinel or cluster"},
		{"redis://", "cluster b:2\nsentinel main c:3", "sentinel and cluster found; one of them is accepted"},
		{"redis:///1", "cluster b:2", "url: database 1 found; a cluster has 0 alone"},
		{"redis://", "cluster {env.CMWELL_TEST_WORD}", `address: "nonsense" found; host:port is accepted`},
		{"redis://a", "sentinel_password x", "sentinel_username or sentinel_password found without sentinel"},
		{"redis://u:p@a", "username u", "username: a user found in the URL too"},
		{"redis://u:p@a", "password file FOLDER/password", "password: a password found in the URL too"},
		{"redis://a", "username u", "a user without a password found"},
		{"redis://a", "password file FOLDER/none", "password: stat "},
		{"redis://a", "password file FOLDER", "a regular file of at most"},
		{"redis://a", "password file FOLDER/wide", "has mode 0644: others can open the password; 0600 is accepted"},
		{"redis://a", "password file FOLDER/empty", "password: it is empty"},
		{"redis://a", "password env CMWELL_TEST_EMPTY", "password: it is empty, or its environment variable is not set"},
		{"redis://a", "password {env.CMWELL_TEST_EMPTY}", "password: it is empty"},
		{"redis://a", "tls_ca FOLDER/password", "tls_ca, tls_name or tls_certificate found; they are accepted with rediss://"},
		{"rediss://a", "tls_ca FOLDER/none", "tls_ca: open "},
		{"rediss://a", "tls_ca FOLDER/password", "tls_ca: no certificate found in the file"},
		{"rediss://a", "tls_certificate FOLDER/password FOLDER/password", "tls_certificate: tls: "},
		{"redis://a", "prefix {env.CMWELL_TEST_LONG}", "prefix: "},
		{"redis://a", "cache_size {env.CMWELL_TEST_WORD}", `cache_size: "nonsense" found; a whole number`},
		{"redis://a", "max_stale {env.CMWELL_TEST_WORD}", `max_stale: "nonsense" found; a duration from 0 to 24h`},
		{"redis://a", "timeout {env.CMWELL_TEST_WORD}", `timeout: "nonsense" found; a duration from 100ms to 30s`},
		{"redis://a", "pool_size {env.CMWELL_TEST_WORD}", `pool_size: "nonsense" found; 1, 2, 4`},
	} {
		err := validated(t, folder, "users redis "+row.url+" {\n"+row.block+"\n}")
		if err == nil || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s %s: %v; should say %s", row.url, row.block, err, row.says)
		}
		if err != nil && (strings.Contains(err.Error(), "let me in") || strings.Contains(err.Error(), "very-secret")) {
			t.Errorf("%s %s: it shows the password: %v", row.url, row.block, err)
		}
	}
}

// Who validates a configuration asks no Redis.
func TestAValidConfigurationConnectsToNobody(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var came atomic.Int32
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			came.Add(1)
			_ = c.Close()
		}
	}()
	folder := t.TempDir()
	put(t, folder, "password", "let me in\n", 0o600)
	t.Setenv("CMWELL_TEST_PASSWORD", "let-me-in")
	address := l.Addr().String()
	for _, directive := range []string{
		"users redis redis://" + address,
		"users redis redis://door:{env.CMWELL_TEST_PASSWORD}@" + address + "/3",
		"users redis redis://" + address + " {\nusername door\npassword file FOLDER/password\n}",
		"users redis rediss:// {\ncluster " + address + "\ntls_name x\npassword env CMWELL_TEST_PASSWORD\n}",
		"users redis redis:// {\nsentinel main " + address + "\nsentinel_password {env.CMWELL_TEST_PASSWORD}\n}",
		"users redis unix:///nowhere/s?db=2",
	} {
		if err := validated(t, folder, directive); err != nil {
			t.Errorf("%s: %v", directive, err)
		}
	}
	if n := came.Load(); n > 0 {
		t.Errorf("somebody came %d times", n)
	}
}
