package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/cm-well/cmwell-auth/internal/command"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "cmwell-auth",
		Usage: "<command>",
		Short: "Looks after the users of the front door cmwell_auth",
		CobraFunc: func(cmd *cobra.Command) {
			command.Build(cmd, command.Surroundings{
				In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Reach: reachAdmin, Exit: exit,
				Places: map[string]command.Place{
					"redis":    {Form: "redis://<host>:<port>/<database>", Open: redisPlace},
					"rediss":   {Form: "rediss://<host>:<port>/<database>", Open: redisPlace},
					"infotons": {Form: "infotons:<url>", Open: infotonsPlace},
				},
			})
		},
	})
}

// exit is the error by which Caddy's program ends with a code. What went wrong has
// been said.
func exit(code int) error {
	// The type that Main knows is Caddy's own; only its wrapper makes it, and only of
	// codes above 1.
	if code > 1 {
		return caddycmd.WrapCommandFuncForCobra(func(caddycmd.Flags) (int, error) { return code, nil })(new(cobra.Command), nil)
	}
	return errors.New("failed")
}

// reachAdmin finds the admin endpoint as Caddy's own commands do, and makes a client
// that speaks to it.
func reachAdmin(address, config, adapter string) (*http.Client, string, error) {
	text, err := adaptedConfig(config, adapter)
	if err != nil {
		return nil, "", fmt.Errorf("looking for the admin endpoint: %w", err)
	}
	found, err := caddycmd.DetermineAdminAPIAddress(address, text, config, adapter)
	if err != nil {
		return nil, "", fmt.Errorf("looking for the admin endpoint: %w", err)
	}
	parsed, err := caddy.ParseNetworkAddress(found)
	if err != nil || parsed.PortRangeSize() > 1 {
		return nil, "", fmt.Errorf("admin endpoint %q found; one address is accepted, such as localhost:2019 or unix//run/caddy.sock", found)
	}
	base := "http://" + parsed.JoinHostPort(0)
	if parsed.IsUnixNetwork() {
		parsed.Host, _, _ = strings.Cut(parsed.Host, "|") // the mode of the socket, which is the listener's
		base = "http://localhost"
	}
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	client := &http.Client{
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, parsed.Network, parsed.JoinHostPort(0))
		}},
		// An answer from elsewhere is not the server's.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return client, base, nil
}

// adaptedConfig is a configuration file in JSON; nothing where none is named. Caddy's
// own function for it writes to the log, in the midst of what people read.
func adaptedConfig(name, adapter string) ([]byte, error) {
	if name == "" {
		if adapter != "" {
			return nil, errors.New("--adapter goes with --config")
		}
		return nil, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if base := filepath.Base(name); adapter == "" && (strings.HasPrefix(base, "Caddyfile") || strings.HasSuffix(base, ".caddyfile")) {
		adapter = "caddyfile"
	}
	if adapter == "" {
		return text, nil
	}
	known := caddyconfig.GetAdapter(adapter)
	if known == nil {
		return nil, fmt.Errorf("adapter %q is not known", adapter)
	}
	text, _, err = known.Adapt(text, map[string]any{"filename": name})
	return text, err
}
