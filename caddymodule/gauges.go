package caddymodule

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// liveDoors are the front doors of the configurations that are in use, asked
// when somebody looks.
type liveDoors struct {
	mu    sync.Mutex
	doors map[*Handler]bool
}

// lookedAt is a front door's place among the live ones; closing it ends that.
type lookedAt struct {
	all *liveDoors
	of  *Handler
}

// Close takes the door away.
func (l lookedAt) Close() error {
	l.all.mu.Lock()
	defer l.all.mu.Unlock()
	delete(l.all.doors, l.of)
	return nil
}

func (d *liveDoors) add(h *Handler) lookedAt {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.doors == nil {
		d.doors = map[*Handler]bool{}
	}
	d.doors[h] = true
	return lookedAt{d, h}
}

func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("caddy_cmwell_auth_"+name, help, labels, nil)
}

var (
	servingGauge = gauge("serving", "1 when every front door can decide, as its op=health says, else 0.")
	keysUpGauge  = gauge("keys_up", "1 when the managed keys could be read the last time it was tried, else 0.")
	keyAge       = gauge("key_age_seconds", "Seconds since the key signs that signs now (managed), or since its file was written (file); by source.", "source")
	doorsGauge   = gauge("doors", "Front doors in use, by environment (production, development) and mode (enforce, observe).", "environment", "mode")
	queueGauge   = gauge("login_queue_length", "Logins that wait for their turn to hash.")
	usersUpGauge = gauge("users_up", "1 when the users could be read the last time it was tried, else 0; by store.", "store")
	usersAge     = gauge("users_age_seconds", "Seconds since the users were last read; by store.", "store")
)

// Describe names what Collect sends.
func (d *liveDoors) Describe(to chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{servingGauge, doorsGauge, queueGauge, usersUpGauge, usersAge, keysUpGauge, keyAge} {
		to <- desc
	}
}

// Collect asks all doors. Of several with stores or keys of one kind the worst counts.
func (d *liveDoors) Collect(to chan<- prometheus.Metric) {
	d.mu.Lock()
	defer d.mu.Unlock()
	found, kinds, waiting := worst{}, map[[2]string]float64{}, 0
	for h := range d.doors {
		kinds[h.kind()]++
		waiting = h.gauge(found)
	}
	for kind, n := range kinds {
		to <- prometheus.MustNewConstMetric(doorsGauge, prometheus.GaugeValue, n, kind[:]...)
	}
	to <- prometheus.MustNewConstMetric(queueGauge, prometheus.GaugeValue, float64(waiting))
	for of, value := range found {
		var labels []string
		if of.label != "" {
			labels = []string{of.label}
		}
		to <- prometheus.MustNewConstMetric(of.desc, prometheus.GaugeValue, value, labels...)
	}
}

// gauge adds how one door is, and returns how many logins wait: at all doors, which
// have one queue.
func (h *Handler) gauge(found worst) (waiting int) {
	health := h.endpoint.Health()
	found.flag(servingGauge, "", health.OK)
	_, trouble := h.users.state()
	found.flag(usersUpGauge, health.Store, trouble == nil && h.pending.Load() == 0)
	found.age(usersAge, health.Store, health.ReadAt)
	source := "file"
	if h.managed != nil {
		source = "managed"
		found.flag(keysUpGauge, "", h.keyTrouble() == nil)
	}
	found.age(keyAge, source, health.KeySince)
	return health.WaitingLogins
}

// labelled is a gauge with the value of its label, empty where it has none.
type labelled struct {
	desc  *prometheus.Desc
	label string
}

// worst is what is to be shown of them.
type worst map[labelled]float64

// flag is 1 where it holds for all.
func (w worst) flag(desc *prometheus.Desc, label string, holds bool) {
	of := labelled{desc, label}
	if _, found := w[of]; !found {
		w[of] = 1
	}
	if !holds {
		w[of] = 0
	}
}

// age is that of the oldest. What began at the zero time has none.
func (w worst) age(desc *prometheus.Desc, label string, since time.Time) {
	if since.IsZero() {
		return
	}
	of := labelled{desc, label}
	w[of] = max(w[of], time.Since(since).Seconds())
}

// kind is a door's environment and mode.
func (h *Handler) kind() [2]string {
	kind := [2]string{"development", "enforce"}
	if h.settings.production {
		kind[0] = "production"
	}
	if h.settings.observe {
		kind[1] = "observe"
	}
	return kind
}
