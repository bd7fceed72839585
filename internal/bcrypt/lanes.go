package bcrypt

// Lanes is how many hashes Match computes in little more time than one.
const Lanes = 4

// lanes are schedules of as many passwords. Each step of Blowfish waits for what the
// one before read from memory; meanwhile the processor does that of the next lane.
type lanes [Lanes]schedule

func (l *lanes) encrypt(a, b, c, d block) (_, _, _, _ block) {
	w, x, y, z := &l[0], &l[1], &l[2], &l[3]
	a.left ^= w[0]
	b.left ^= x[0]
	c.left ^= y[0]
	d.left ^= z[0]
	for i := 1; i < subkeys-1; i += 2 {
		a.right ^= w.f(a.left) ^ w[i]
		b.right ^= x.f(b.left) ^ x[i]
		c.right ^= y.f(c.left) ^ y[i]
		d.right ^= z.f(d.left) ^ z[i]
		a.left ^= w.f(a.right) ^ w[i+1]
		b.left ^= x.f(b.right) ^ x[i+1]
		c.left ^= y.f(c.right) ^ y[i+1]
		d.left ^= z.f(d.right) ^ z[i+1]
	}
	a.right ^= w[subkeys-1]
	b.right ^= x[subkeys-1]
	c.right ^= y[subkeys-1]
	d.right ^= z[subkeys-1]
	return block{a.right, a.left}, block{b.right, b.left}, block{c.right, c.left}, block{d.right, d.left}
}

// expand is that of a schedule without salt, in every lane.
func (l *lanes) expand() {
	var a, b, c, d block
	for i := 0; i < len(schedule{}); i += 2 {
		a, b, c, d = l.encrypt(a, b, c, d)
		l[0][i], l[0][i+1] = a.left, a.right
		l[1][i], l[1][i+1] = b.left, b.right
		l[2][i], l[2][i+1] = c.left, c.right
		l[3][i], l[3][i+1] = d.left, d.right
	}
}
