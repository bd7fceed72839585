package redis

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/store/redis/redistest"
)

// works makes a user and finds it, and has the other client answer.
func (s *Store) works(t *testing.T) {
	t.Helper()
	put(t, s, account.Users, "ann", `{"rev":3}`)
	if !s.knows(t, "ann", 3) {
		t.Error("ann is not known")
	}
	c, err := s.Client()
	if err != nil {
		t.Fatal(err)
	}
	if n, err := c.Do(t.Context(), c.B().Zcard().Key(s.Prefix()+"users").Build()).AsInt64(); err != nil || n < 1 {
		t.Errorf("ZCARD: %d, %v", n, err)
	}
}

// theACL is what the documentation gives.
func theACL(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/stores.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) > 2 && words[0] == "ACL" && words[1] == "SETUSER" {
			return strings.Fields(strings.ReplaceAll(line, "cmwell_auth", "test"))
		}
	}
	t.Fatal("docs/stores.md has no ACL SETUSER")
	return nil
}

// All that a door does is allowed by it, and each right of it is needed.
func TestAUserWithNoMoreRightsThanNeeded(t *testing.T) {
	server := redistest.Start(t)
	server.Say(t, theACL(t)...)
	options := optionsFor(server.Address)
	options.Username, options.Password, options.DB = "door", "the-password", 1
	var d door
	s := open(t, options, d.home())
	s.works(t)
	if err := s.Delete(t.Context(), account.Users, "ann"); err != nil {
		t.Error(err)
	}
	if names, err := s.Names(t.Context(), account.Users); err != nil || len(names) != 1 {
		t.Errorf("%q, %v", names, err)
	}
	everything(t, s.Client, s.Prefix())
	if log := server.Say(t, "ACL", "LOG"); log != "" {
		t.Errorf("it was refused: %s", log)
	}
	done := server.Say(t, "INFO", "commandstats")
	for _, word := range theACL(t) {
		if command, ok := strings.CutPrefix(word, "+"); ok && !strings.Contains(done, "cmdstat_"+command+":") {
			t.Errorf("it may do %s, and does not", command)
		}
	}
}

func TestTheNumberOfConnections(t *testing.T) {
	for _, size := range []int{1, 2, 8} {
		server := redistest.Start(t)
		options := optionsFor(server.Address)
		options.PoolSize = size
		s := open(t, options, Home{})
		redistest.Eventually(t, "all connections are used", func() bool {
			s.works(t)
			return strings.Count(server.Say(t, "CLIENT", "LIST"), "name=cmwell_auth") == 1+size
		})
		for range 100 {
			s.works(t)
		}
		if n := strings.Count(server.Say(t, "CLIENT", "LIST"), "name=cmwell_auth"); n != 1+size {
			t.Errorf("%d connections for %d", n, size)
		}
	}
}

func TestWhoIsNotLetIn(t *testing.T) {
	server := redistest.Start(t, "--requirepass", "let me in")
	for password, says := range map[string]string{"": "NOAUTH", "wrong secret": "WRONGPASS"} {
		options := optionsFor(server.Address)
		options.Password = password
		var d door
		s := start(t, options, d.home())
		redistest.Eventually(t, "it says so", func() bool { return d.says(says) })
		s.wantClosed(t, account.Root)
		if password != "" && d.says(password) {
			t.Errorf("the password is told: %q", d.said)
		}
	}
	options := optionsFor(server.Address)
	options.Password = "let me in"
	open(t, options, Home{}).works(t)
}

// What does not know a command repeats in its error what it was sent.
func TestAServerThatRepeatsThePassword(t *testing.T) {
	tell := func(options Options) {
		t.Helper()
		options.Password = "very-secret"
		var d door
		start(t, options, d.home())
		redistest.Eventually(t, "it says something", func() bool { d.mu.Lock(); defer d.mu.Unlock(); return len(d.said) > 0 })
		if d.says("very-secret") {
			t.Errorf("it says %q", d.said)
		}
	}
	for _, unknown := range []string{"HELLO", "AUTH", "CLIENT"} {
		tell(optionsFor(redistest.Start(t, "--rename-command", unknown, "").Address))
	}
	proxy := redistest.StartProxy(t, redistest.Start(t).Address)
	proxy.Answer([]byte(strings.Repeat("-ERR not for us: HELLO 3 AUTH default very-secret\r\n", 2))) // to two commands
	tell(optionsFor(proxy.Address))
}

func TestASocketAndADatabase(t *testing.T) {
	folder, err := os.MkdirTemp("", "redis") // the name of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	socket := filepath.Join(folder, "s")
	server := redistest.Start(t, "--unixsocket", socket)
	options := optionsFor(socket)
	options.DB = 3
	open(t, options, Home{}).works(t)
	if got := server.Say(t, "-n", "3", "EXISTS", "{test}:user:ann"); got != "1" {
		t.Errorf("it is not in the database: %s", got)
	}
}

func TestAnEncryptedConnection(t *testing.T) {
	folder := t.TempDir()
	authority := newCertificate(t, folder, "ca", nil)
	newCertificate(t, folder, "server", authority)
	client := newCertificate(t, folder, "client", authority)
	plain := redistest.FreeAddress(t)
	_, port, _ := net.SplitHostPort(plain)
	redistest.Start(t, "--tls-port", port, "--tls-cert-file", filepath.Join(folder, "server.pem"), "--tls-key-file", filepath.Join(folder, "server.key"), "--tls-ca-cert-file", filepath.Join(folder, "ca.pem"))
	roots := x509.NewCertPool()
	roots.AddCert(authority.Leaf)
	for name, row := range map[string]struct {
		config *tls.Config
		says   string
	}{
		"good":                {&tls.Config{RootCAs: roots, Certificates: []tls.Certificate{*client}}, ""},
		"another name":        {&tls.Config{RootCAs: roots, Certificates: []tls.Certificate{*client}, ServerName: "elsewhere.example.org"}, "wanted to match elsewhere.example.org"},
		"nobody we know":      {&tls.Config{Certificates: []tls.Certificate{*client}}, "unknown authority"},
		"without certificate": {&tls.Config{RootCAs: roots}, "certificate required"},
		"not encrypted":       {nil, ""},
	} {
		options := optionsFor(plain)
		options.TLS = row.config
		if name == "good" {
			open(t, options, Home{}).works(t)
			continue
		}
		var d door
		s := start(t, options, d.home())
		redistest.Eventually(t, name+" is refused", func() bool { return d.says("answered 503") && d.says(row.says) })
		s.wantClosed(t, "ann")
	}
}

// newCertificate makes a certificate for 127.0.0.1 and its key, in files.
func newCertificate(t *testing.T, folder, name string, by *tls.Certificate) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: by == nil, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	parent, signer := template, any(key)
	if by != nil {
		parent, signer = by.Leaf, by.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certPEM, keyPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})
	for file, b := range map[string][]byte{name + ".pem": certPEM, name + ".key": keyPEM} {
		if err := os.WriteFile(filepath.Join(folder, file), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	return &c
}

// The master dies, and the sentinel makes its replica the master.
func TestASentinelNamesAnotherMaster(t *testing.T) {
	master := redistest.Start(t, durable...)
	replica := redistest.Start(t, append([]string{"--replicaof", strings.Replace(master.Address, ":", " ", 1), "--repl-diskless-sync-delay", "0"}, durable...)...)
	host, port, _ := net.SplitHostPort(master.Address)
	sentinel := redistest.Start(t, "--sentinel")
	for _, words := range [][]string{
		{"SENTINEL", "MONITOR", "main", host, port, "1"}, {"SENTINEL", "SET", "main", "down-after-milliseconds", "500"}, {"SENTINEL", "SET", "main", "failover-timeout", "2000"},
	} {
		sentinel.Say(t, words...)
	}
	for _, s := range []*redistest.Server{master, replica} {
		s.Say(t, append(theACL(t), "+role")...)
	}
	options := optionsFor(sentinel.Address)
	options.Sentinel.Master, options.Username, options.Password = "main", "door", "the-password"
	s := open(t, options, Home{})
	s.works(t)
	redistest.Eventually(t, "the replica has it", func() bool { return replica.Say(t, "GET", "{test}:user:ann") == `{"rev":3}` })
	redistest.Eventually(t, "the sentinel knows the replica", func() bool { return strings.Contains(sentinel.Say(t, "SENTINEL", "REPLICAS", "main"), "slave") })
	master.Kill()
	redistest.Eventually(t, "the other master takes a change", func() bool { return s.Put(t.Context(), account.Users, "ann", []byte(`{"rev":4}`)) == nil })
	if !s.knows(t, "ann", 4) {
		t.Error("the change does not hold")
	}
	if got := replica.Say(t, "GET", "{test}:user:ann"); got != `{"rev":4}` {
		t.Errorf("the other master has %s", got)
	}
}

// A node of a cluster dies, and its replica takes its place.
func TestAClusterGoesOnWithAnotherNode(t *testing.T) {
	clustered := append([]string{"--cluster-enabled", "yes", "--cluster-require-full-coverage", "no", "--cluster-node-timeout", "1000", "--repl-diskless-sync-delay", "0"}, durable...)
	first, second := redistest.Start(t, clustered...), redistest.Start(t, clustered...)
	first.Say(t, "CLUSTER", "ADDSLOTSRANGE", "0", "16383")
	host, port, _ := net.SplitHostPort(first.Address)
	second.Say(t, "CLUSTER", "MEET", host, port)
	id := first.Say(t, "CLUSTER", "MYID")
	redistest.Eventually(t, "they have met", func() bool { return strings.Contains(second.Say(t, "CLUSTER", "NODES"), id) })
	redistest.Eventually(t, "it is a replica", func() bool { return second.Say(t, "CLUSTER", "REPLICATE", id) == "OK" })
	redistest.Eventually(t, "the cluster is up", func() bool { return strings.Contains(second.Say(t, "CLUSTER", "INFO"), "cluster_state:ok") })
	redistest.Eventually(t, "the replica follows", func() bool { return strings.Contains(second.Say(t, "INFO", "replication"), "master_link_status:up") })

	for _, s := range []*redistest.Server{first, second} {
		s.Say(t, append(theACL(t), "+cluster|slots", "+cluster|shards", "+asking")...)
	}
	options := optionsFor(first.Address)
	options.Addresses = append(options.Addresses, second.Address)
	options.Cluster, options.Username, options.Password = true, "door", "the-password"
	s := open(t, options, Home{})
	s.works(t)
	slot := first.Say(t, "CLUSTER", "KEYSLOT", options.Prefix)
	redistest.Eventually(t, "the replica has all three keys", func() bool { return second.Say(t, "CLUSTER", "COUNTKEYSINSLOT", slot) == "3" })
	s.learn(t, "ann") // now: of the change the replica tells too
	first.Kill()
	redistest.Eventually(t, "it is noticed", func() bool { _, why := s.State(); return why != nil })
	if !s.knows(t, "ann", 3) {
		t.Error("who is known does not go on")
	}
	second.Say(t, "CLUSTER", "FAILOVER", "TAKEOVER")
	redistest.Eventually(t, "the other node takes a change", func() bool { return s.Put(t.Context(), account.Users, "ann", []byte(`{"rev":4}`)) == nil })
	if !s.knows(t, "ann", 4) {
		t.Error("the change does not hold")
	}
	if !open(t, options, Home{}).knows(t, "ann", 4) {
		t.Error("a door that starts now does not find ann")
	}
}
