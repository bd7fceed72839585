package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/bits"
	"net"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/cm-well/cmwell-auth/internal/account"
	"github.com/cm-well/cmwell-auth/internal/store/redis/wire"
)

// topology is how often sentinels and clusters are asked who is the master, beside
// what they tell by themselves.
const topology = 5 * time.Second

// dial connects the two clients, where they are not yet. They connect again by
// themselves.
func (s *Store) dial() (rueidis.Client, error) {
	if s.users.Load() == nil {
		// One connection for all that is about users: what Redis tells of changes comes
		// between its answers in the order in which it happened.
		one := s.clientOption(1)
		one.OnInvalidations = s.told
		one.ClientTrackingOptions = []string{"BCAST"}
		for _, prefix := range s.tracked {
			one.ClientTrackingOptions = append(one.ClientTrackingOptions, "PREFIX", prefix)
		}
		c, err := s.connect(one)
		if err != nil {
			return nil, err
		}
		s.users.Store(&c)
	}
	if s.counts.Load() == nil {
		many := s.clientOption(s.options.PoolSize)
		many.DisableCache = true
		many.AlwaysPipelining = true // or the end of a connection would be seen by who needs it next
		c, err := s.connect(many)
		if err != nil {
			return nil, err
		}
		s.counts.Store(&c)
	}
	return *s.users.Load(), nil
}

func (s *Store) connect(option rueidis.ClientOption) (rueidis.Client, error) {
	c, err := rueidis.NewClient(option)
	if err == nil {
		return c, nil
	}
	if c != nil {
		c.Close()
	}
	if errors.Is(err, rueidis.ErrNoCache) {
		return nil, fmt.Errorf("redis: the server tells nobody of changes: Redis 6 or newer is accepted, and a user who may do CLIENT TRACKING")
	}
	return nil, s.failed(err)
}

func (s *Store) hangUp() {
	for _, c := range []*rueidis.Client{s.users.Swap(nil), s.counts.Swap(nil)} {
		if c != nil {
			(*c).Close()
		}
	}
}

// clientOption is for so many connections, a power of two.
func (s *Store) clientOption(connections int) rueidis.ClientOption {
	o := s.options
	multiplex := bits.Len(uint(connections)) - 1
	if multiplex == 0 {
		multiplex = -1 // with 0, the driver chooses
	}
	dialer := net.Dialer{Timeout: o.Timeout, KeepAlive: time.Second}
	option := rueidis.ClientOption{
		InitAddress: o.Addresses, Username: o.Username, Password: o.Password, SelectDB: o.DB,
		ClientName: "cmwell_auth", ClientSetInfo: rueidis.DisableClientSetInfo, TLSConfig: o.TLS, Dialer: dialer, DialCtxFn: connectTo, ConnWriteTimeout: o.Timeout,
		// What fails is tried again by who knows whether it may be.
		DisableRetry:      true,
		ForceSingleClient: !o.Cluster,
		PipelineMultiplex: multiplex,
		// The driver's own are for far more than is asked here.
		RingScaleEachConn: 8, ReadBufferEachConn: 32 << 10, WriteBufferEachConn: 32 << 10,
	}
	if o.Cluster {
		option.ClusterOption = rueidis.ClusterOption{ShardsRefreshInterval: topology, MaxMovedRedirections: 5}
	}
	if o.Sentinel.Master != "" {
		option.Sentinel = rueidis.SentinelOption{
			MasterSet: o.Sentinel.Master, Username: o.Sentinel.Username, Password: o.Sentinel.Password,
			ClientName: option.ClientName, TLSConfig: o.TLS, Dialer: dialer, TopologyRefreshInterval: topology,
		}
	}
	return option
}

// connectTo dials one server, and guards the driver from it.
func connectTo(ctx context.Context, address string, dialer *net.Dialer, encryption *tls.Config) (net.Conn, error) {
	network := "tcp"
	if strings.HasPrefix(address, "/") {
		network = "unix"
	}
	c, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if encryption == nil {
		return wire.Guard(c), nil
	}
	if encryption = encryption.Clone(); encryption.ServerName == "" {
		encryption.ServerName, _, _ = net.SplitHostPort(address)
	}
	ctx, cancel := context.WithTimeout(ctx, dialer.Timeout)
	defer cancel()
	encrypted := tls.Client(c, encryption)
	if err := encrypted.HandshakeContext(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	return wire.Guard(encrypted), nil
}

// told is called by the driver between two answers: for each change, and with
// nothing when all may have changed.
func (s *Store) told(changed []rueidis.RedisMessage) {
	if len(changed) == 0 {
		s.view.end(errLost)
		s.wake()
		return
	}
	for i := range changed {
		key, err := changed[i].ToString()
		if err != nil {
			s.view.end(s.failed(err))
			s.wake()
			return
		}
		s.toldOf(key)
	}
}

func (s *Store) toldOf(key string) {
	for _, kind := range []account.Kind{account.Users, account.Roles} {
		if name, ok := strings.CutPrefix(key, s.keys.of(kind, "")); ok {
			s.view.changed(kind, name)
			return
		}
	}
	if key == s.keys.shapes() {
		s.unshaped.Store(true)
	}
	s.wake() // the identity may be another one
}

// wake has keep look now.
func (s *Store) wake() {
	select {
	case s.nudge <- struct{}{}:
	default:
	}
}

// where is the server, for people.
func (s *Store) where() string {
	if s.options.Sentinel.Master != "" {
		return "sentinel " + s.options.Sentinel.Master
	}
	return strings.Join(s.options.Addresses, " ")
}
