package login

import "container/list"

// place is somebody's place in the line.
type place struct {
	// turn is called when a worker is free, with the mutex held.
	turn func()
	// check is what may be matched in another's turn; nil for other work.
	check *check
	// at is nil when the turn has come, one's own or another's.
	at *list.Element
}

// lineUp needs the mutex. Each turn that comes is ended by leave.
func (h *Hashing) lineUp(p *place) error {
	if h.working >= h.workers && h.line.Len() >= h.queue {
		return ErrBusy
	}
	p.at = h.line.PushBack(p)
	h.admit()
	return nil
}

// admit needs the mutex.
func (h *Hashing) admit() {
	for h.working < h.workers && h.line.Len() > 0 {
		next := placeOf(h.line.Front())
		h.remove(next)
		h.working++
		next.turn()
	}
}

func placeOf(at *list.Element) *place {
	p, _ := at.Value.(*place)
	return p
}

// remove needs the mutex.
func (h *Hashing) remove(p *place) {
	h.line.Remove(p.at)
	p.at = nil
}

// withdraw leaves the line, and says no when the turn has come already.
func (h *Hashing) withdraw(p *place) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p.at == nil {
		return false
	}
	h.remove(p)
	return true
}

func (h *Hashing) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.working--
	h.admit()
}
