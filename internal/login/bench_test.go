package login

import "testing"

// BenchmarkDigestHeader reads what a client sends for a login by HTTP Digest, as
// curl writes it.
func BenchmarkDigestHeader(b *testing.B) {
	const header = `username="ann", realm="cmwell", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", uri="/_login?exp=30d", ` +
		`cnonce="NjY5ZDM2ZmM0OTc4ZjI5ZjA5YzEyNTU5ZTQ4MmYxODg=", nc=00000001, qop=auth, response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", ` +
		`opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", algorithm=SHA-256`
	d := &Digest{Realm: "cmwell", Algorithms: func() []DigestAlgorithm { return []DigestAlgorithm{SHA256, MD5} }}
	b.ReportAllocs()
	for b.Loop() {
		p, err := parseParams(header)
		if err != nil {
			b.Fatal(err)
		}
		if a, err := d.read(p); err != nil || a.username != "ann" {
			b.Fatal(a, err)
		}
	}
}
