package integration

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// errReset says that the door refused a request as one that HTTP/2 does not know.
var errReset = errors.New("the stream or the connection was reset")

// TestRowsGetTheSameAnswerOverHTTP2 sends the rows as HTTP/2 with prior
// knowledge, which Caddy speaks on a plain port too.
func TestRowsGetTheSameAnswerOverHTTP2(t *testing.T) {
	tokens := badTokens(t)
	for name := range userPaths {
		tokens[name] = tokenOf(t, name)
	}
	doors := startRawDoors(t)
	ran := 0
	for _, row := range slices.Concat(pathRows, queryRows, methodRows, headerRows, sourceRows) {
		for name, raw := range tokens {
			row.send = strings.ReplaceAll(row.send, "{"+name+"}", raw)
		}
		asked, ok := forHTTP2(row)
		if !ok {
			continue
		}
		ran++
		t.Run(row.id, func(t *testing.T) {
			d := doors[row.door]
			d.store.take()
			status, err := overHTTP2(d.address, asked)
			// What HTTP/1.1 answers 400 because of its form, HTTP/2 may reset.
			if err != nil && (!errors.Is(err, errReset) || row.want[0] == 200) {
				t.Fatal(err)
			}
			form := row.want[0] == 400 && status/100 == 4 // HTTP/1.1 refused it even sooner
			if err == nil && status != row.want[0] && !form {
				t.Errorf("got %d, want %d", status, row.want[0])
			}
			row.checkStore(t, d.store.take())
		})
	}
	if ran < 100 {
		t.Errorf("only %d rows were sent", ran)
	}
}

// forHTTP2 takes the request out of the bytes of a row. Rows about what
// HTTP/2 has no bytes for are left to HTTP/1.1.
func forHTTP2(row rawRow) (received, bool) {
	reader := bufio.NewReader(strings.NewReader(row.send))
	asked, err := readRequest(reader, io.Discard)
	if err != nil || reader.Buffered() > 0 || len(row.want) != 1 {
		return received{}, false
	}
	for _, hop := range []string{"Connection", "Transfer-Encoding", "Upgrade", "Trailer"} {
		if len(asked.values(hop)) > 0 {
			return received{}, false
		}
	}
	return asked, len(asked.values("Host")) == 1 && len(row.send) < 16<<10
}

// overHTTP2 sends one request on a connection of its own.
func overHTTP2(address string, asked received) (status int, err error) {
	connection, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		return 0, err
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	if _, err := io.WriteString(connection, http2.ClientPreface); err != nil {
		return 0, err
	}
	framer := http2.NewFramer(connection, connection)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	write := func(name, value string) { _ = encoder.WriteField(hpack.HeaderField{Name: name, Value: value}) }
	write(":method", asked.method)
	write(":authority", asked.values("Host")[0])
	if asked.method != "CONNECT" || strings.HasPrefix(asked.target, "/") {
		write(":scheme", "http")
		write(":path", asked.target)
	}
	for _, f := range asked.fields {
		if f.name != "Host" {
			write(lowerASCII(f.name), f.value)
		}
	}
	err = errors.Join(framer.WriteSettings(), framer.WriteHeaders(http2.HeadersFrameParam{
		StreamID: 1, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: len(asked.body) == 0,
	}))
	if err == nil && len(asked.body) > 0 {
		err = framer.WriteData(1, true, asked.body)
	}
	if err != nil {
		return 0, err
	}
	return statusOf(framer)
}

// lowerASCII leaves letters alone that strings.ToLower would make ASCII.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r | 0x20
		}
		return r
	}, s)
}

func statusOf(framer *http2.Framer) (int, error) {
	for {
		frame, err := framer.ReadFrame()
		if errors.Is(err, io.EOF) {
			return 0, errReset
		}
		if err != nil {
			return 0, fmt.Errorf("reading a frame: %w", err)
		}
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				if err := framer.WriteSettingsAck(); err != nil {
					return 0, err
				}
			}
		case *http2.RSTStreamFrame, *http2.GoAwayFrame:
			return 0, errReset
		case *http2.MetaHeadersFrame:
			return strconv.Atoi(frame.PseudoValue("status"))
		}
	}
}
