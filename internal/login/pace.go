package login

import "time"

// each is how much of a step of the work for all of them a password of a batch is counted
// for. One alone takes 0.7 of such a step; what is more makes up for steps that others
// disturb.
const each = 5.0 / 6

// pace is how quickly passwords are hashed that are matched together. What they cost
// less of a processor than one after the other is for the traffic and not for more
// logins: while others wait, they take as long together as they would so.
type pace struct {
	company int
	// quickest is how long an equal step of the work took that nobody disturbed.
	quickest time.Duration
	last     time.Time // when the last step, and the rest after it, ended

	since time.Time // others wait
	steps int       // since then
}

// ahead is told when each step ends, and whether others wait. It is how long to rest.
func (p *pace) ahead(now time.Time, others bool) time.Duration {
	took := now.Sub(p.last)
	p.last = now
	if p.quickest == 0 || took < p.quickest {
		p.quickest = took
	}
	if !others {
		p.steps = 0
		return 0
	}
	if p.steps == 0 {
		p.since = now.Add(-took)
	}
	p.steps++
	due := time.Duration(float64(p.steps) * float64(p.quickest) * each * float64(p.company))
	return max(0, due-now.Sub(p.since))
}

// rest leaves the processor to others between steps of the work.
func (h *Hashing) rest(p *pace) {
	if d := p.ahead(time.Now(), h.Waiting() > 0); d > 0 {
		h.sleep(d)
		p.last = time.Now()
	}
}
