package caddymodule

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count for the whole process. A reload brings a new registry, in which
// they go on from where they were.
//
// No label has a value that comes from a request: levels, schemes, reasons and
// kinds of stores are what this code and the configuration name.
type metrics struct {
	decisions *prometheus.CounterVec
	logins    *prometheus.CounterVec
	hashing   prometheus.Histogram
	reloads   *prometheus.CounterVec
	doors     liveDoors

	// passes are what most decisions are.
	reads, writes prometheus.Counter
}

var counted = newMetrics()

func newMetrics() *metrics {
	const namespace, subsystem = "caddy", "cmwell_auth"
	opts := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help}
	}
	m := &metrics{
		decisions: prometheus.NewCounterVec(opts("decisions_total", "Requests decided, by level (read, write), outcome (pass, refused, observed) and reason."),
			[]string{"level", "outcome", "reason"}),
		logins: prometheus.NewCounterVec(opts("logins_total", "Logins, by scheme (basic, digest, json, none) and outcome (success, or the reason of the failure)."),
			[]string{"scheme", "outcome"}),
		hashing: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "hash_seconds", Help: "Time it takes to hash one password, or those that are hashed together with it and the rests in between, without the waiting.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5},
		}),
		reloads: prometheus.NewCounterVec(opts("users_reloads_total", "Times that another state of the users was read, or could not be, after the first; by store and outcome (success, failure)."),
			[]string{"store", "outcome"}),
	}
	m.reads, m.writes = m.decisions.WithLabelValues("read", "pass", ""), m.decisions.WithLabelValues("write", "pass", "")
	for _, scheme := range []string{"basic", "digest"} {
		m.logins.WithLabelValues(scheme, "success")
	}
	return m
}

// register makes the metrics seen through the registry of a configuration.
func (m *metrics) register(registry *prometheus.Registry) error {
	for _, c := range []prometheus.Collector{m.decisions, m.logins, m.hashing, m.reloads, &m.doors} {
		if err := registry.Register(c); err != nil && !errors.As(err, new(prometheus.AlreadyRegisteredError)) {
			return fmt.Errorf("metrics: %w", err)
		}
	}
	return nil
}

func (m *metrics) passed(write bool) {
	if write {
		m.writes.Inc()
		return
	}
	m.reads.Inc()
}

// refused counts a decision that is no pass; the reason is that of an outcome.
func (m *metrics) refused(write, observed bool, o outcome) {
	kind := "refused"
	if observed {
		kind = "observed"
	}
	m.decisions.WithLabelValues(level(write), kind, o.reason).Inc()
}

func (m *metrics) loggedIn(scheme, outcome string) { m.logins.WithLabelValues(scheme, outcome).Inc() }

func (m *metrics) hashed(took time.Duration) { m.hashing.Observe(took.Seconds()) }

func (m *metrics) reloaded(store string, err error) {
	outcome := "success"
	if err != nil {
		outcome = "failure"
	}
	m.reloads.WithLabelValues(store, outcome).Inc()
}

// schemeOf is how a client wants to log in.
func (h *Handler) schemeOf(r *http.Request) string {
	if r.URL.Path == h.settings.jsonLogin || r.URL.Path == h.settings.authPath {
		return "json"
	}
	scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch {
	case strings.EqualFold(scheme, "Basic"):
		return "basic"
	case strings.EqualFold(scheme, "Digest"):
		return "digest"
	}
	return "none"
}
