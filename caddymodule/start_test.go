package caddymodule

import (
	"context"
	"testing"
)

func TestRequestsWaitUntilAllIsMade(t *testing.T) {
	h := &Handler{ready: make(chan struct{})}
	app := &StartApp{ctx: t.Context()}
	made := 0
	for range 2 {
		h.beforeServing(app, func(context.Context) error { made++; return nil })
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if h.started(gone) {
		t.Error("a request passes before anything is made")
	}
	waited := make(chan bool)
	go func() { waited <- h.started(t.Context()) }()
	if err := app.Start(); err != nil {
		t.Fatal(err)
	}
	if !<-waited || made != 2 || h.pending.Load() != 0 {
		t.Errorf("after the start, %d things are made and %d are not", made, h.pending.Load())
	}
}

func TestWhatCannotBeMadeLeavesNobodyThrough(t *testing.T) {
	h := &Handler{ready: make(chan struct{})}
	app := &StartApp{ctx: t.Context()}
	h.beforeServing(app, func(context.Context) error { return errStarting })
	if err := app.Start(); err == nil {
		t.Error("the configuration starts nevertheless")
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if h.started(gone) || h.pending.Load() == 0 {
		t.Error("a request passes")
	}
}
