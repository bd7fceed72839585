package caddymodule

import (
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/cm-well/cmwell-auth/internal/permission"
)

// noteOnSpan adds a decision to the span of the request, when Caddy's directive
// tracing has begun one that is recorded.
func noteOnSpan(r *http.Request, decision string, write bool, user string, rule permission.Decision) {
	span := trace.SpanFromContext(r.Context())
	if !span.IsRecording() {
		return
	}
	attributes := []attribute.KeyValue{
		attribute.String("cmwell_auth.decision", decision), attribute.String("cmwell_auth.level", level(write)),
	}
	if user != "" {
		attributes = append(attributes, attribute.String("enduser.id", user))
	}
	if rule != (permission.Decision{}) {
		attributes = append(attributes, attribute.String("cmwell_auth.rule", rule.String()))
	}
	span.SetAttributes(attributes...)
}
