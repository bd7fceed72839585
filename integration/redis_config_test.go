package integration

import (
	"net"
	"sync/atomic"
	"testing"
)

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
