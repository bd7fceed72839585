package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"
)

const (
	// inRedis is how many users the Redis has.
	inRedis = 1_000_000
	// atOnce is how many of them one script makes.
	atOnce = 50_000
	// redisPrefix is the front door's, when nothing else is configured.
	redisPrefix = "{cmwell_auth}:"
	// fillTime is how long filling may take.
	fillTime = 5 * time.Minute
)

// fillScript makes users as the front door would, of one document.
const fillScript = `
for i = tonumber(ARGV[2]), tonumber(ARGV[3]) - 1 do
	local name = string.format('user-%07d', i)
	redis.call('SET', ARGV[1] .. 'user:' .. name, ARGV[4])
	redis.call('ZADD', ARGV[1] .. 'users', 0, name)
end`

// redisDoor has the front door before a Redis, which is started and filled when
// the front door is configured.
func (c caddies) redisDoor(ctx context.Context) configuration {
	return func(l layout) (setUp, error) {
		address, err := freeAddress(ctx)
		if err != nil {
			return setUp{}, err
		}
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return setUp{}, err
		}
		command := exec.CommandContext(ctx, "redis-server", "--bind", host, "--port", port, "--dir", l.home, "--save", "", "--appendonly", "no") //nolint:gosec // no shell is involved
		server, err := c.servers.start(command)
		if err != nil {
			return setUp{}, err
		}
		if err := fillRedis(ctx, server, address); err != nil {
			return setUp{}, fmt.Errorf("filling Redis: %w", err)
		}
		return doorWith(l, "users redis redis://"+address), nil
	}
}

// fillRedis needs a server that may not listen yet.
func fillRedis(ctx context.Context, server *process, address string) error {
	commands, err := fillCommands(inRedis)
	if err != nil {
		return err
	}
	var conn net.Conn
	err = server.retry(ctx, func(ctx context.Context) (err error) {
		conn, err = new(net.Dialer).DialContext(ctx, "tcp", address)
		return err
	})
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(fillTime)); err != nil {
		return err
	}
	replies := bufio.NewReader(conn)
	for _, words := range commands {
		if _, err := conn.Write(inRESP(words)); err != nil {
			return err
		}
		reply, err := replies.ReadString('\n') // each of them is answered with one line
		if err != nil {
			return err
		}
		if strings.HasPrefix(reply, "-") {
			return fmt.Errorf("it says %q", strings.TrimSpace(reply[1:]))
		}
	}
	return nil
}

// fillCommands make so many users, of whom the first is the known one.
func fillCommands(users int) ([][]string, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	if err != nil {
		return nil, err
	}
	known, err := json.Marshal(user{Paths: rules(few), Digest: string(hash)})
	if err != nil {
		return nil, err
	}
	other, err := json.Marshal(user{Paths: rules(2), Digest: string(hash)})
	if err != nil {
		return nil, err
	}
	commands := [][]string{
		{"SET", redisPrefix + "user:" + knownName, string(known)},
		{"ZADD", redisPrefix + "users", "0", knownName},
		{"HSET", redisPrefix + "shapes", fmt.Sprintf("bcrypt %d", cost), fmt.Sprint(users)},
		{"SET", redisPrefix + "used", "filled by a benchmark"},
	}
	for from := 1; from < users; from += atOnce {
		until := min(from+atOnce, users)
		commands = append(commands, []string{"EVAL", fillScript, "0", redisPrefix, fmt.Sprint(from), fmt.Sprint(until), string(other)})
	}
	return commands, nil
}

// inRESP is a command as Redis reads it.
func inRESP(words []string) []byte {
	text := fmt.Appendf(nil, "*%d\r\n", len(words))
	for _, word := range words {
		text = fmt.Appendf(text, "$%d\r\n%s\r\n", len(word), word)
	}
	return text
}
