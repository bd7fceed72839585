// Command caddy is Caddy with its standard modules and the cmwell_auth front door.
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/cm-well/cmwell-auth/caddymodule"
)

func main() { caddycmd.Main() }
