package integration

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// http2Wire is one connection of HTTP/2 on which a test writes every frame itself.
type http2Wire struct {
	connection net.Conn
	framer     *http2.Framer
	block      bytes.Buffer
	encoder    *hpack.Encoder
	stream     uint32 // the next one
	ended      bool
}

// openHTTP2 speaks TLS where there are roots to trust.
func openHTTP2(address string, roots *x509.CertPool) (framedWire, error) {
	connection, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err == nil && roots != nil {
		secure := tls.Client(connection, &tls.Config{RootCAs: roots, ServerName: "door", NextProtos: []string{"h2"}})
		if err = secure.Handshake(); err == nil && secure.ConnectionState().NegotiatedProtocol != "h2" {
			err = fmt.Errorf("the door speaks %q", secure.ConnectionState().NegotiatedProtocol)
		}
		connection = secure
	}
	if err != nil {
		return nil, err
	}
	w := &http2Wire{connection: connection, framer: http2.NewFramer(connection, connection), stream: 1}
	w.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	w.encoder = hpack.NewEncoder(&w.block)
	_, err = io.WriteString(connection, http2.ClientPreface)
	if err == nil { // windows so wide that no answer of a test fills them
		err = errors.Join(w.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 30}), w.framer.WriteWindowUpdate(0, 1<<30))
	}
	if err != nil {
		connection.Close()
		return nil, err
	}
	return w, nil
}

func (w *http2Wire) gone() bool { return w.ended }
func (w *http2Wire) close()     { w.connection.Close() }

func (w *http2Wire) ask(f framed) (answer, error) {
	if err := w.connection.SetDeadline(time.Now().Add(patience)); err != nil {
		return answer{}, err
	}
	stream := w.stream
	w.stream += 2
	// A server may refuse before it has read everything: what matters is its answer.
	if err := w.say(stream, f); err != nil {
		w.ended = true
	}
	return w.hear(stream)
}

func (w *http2Wire) say(stream uint32, f framed) error {
	err := w.header(stream, f.fields, len(f.body) == 0 && len(f.trailer) == 0)
	if err == nil && len(f.body) > 0 {
		err = w.framer.WriteData(stream, len(f.trailer) == 0, f.body)
	}
	if err == nil && len(f.trailer) > 0 {
		err = w.header(stream, f.trailer, true)
	}
	return err
}

// header writes a block in as many frames as it needs.
func (w *http2Wire) header(stream uint32, fields []field, last bool) error {
	w.block.Reset()
	for _, f := range fields {
		_ = w.encoder.WriteField(hpack.HeaderField{Name: f.name, Value: f.value}) // into memory
	}
	const most = 16 << 10
	block := w.block.Bytes()
	first := block[:min(most, len(block))]
	err := w.framer.WriteHeaders(http2.HeadersFrameParam{
		StreamID: stream, BlockFragment: first, EndHeaders: len(first) == len(block), EndStream: last,
	})
	for rest := block[len(first):]; err == nil && len(rest) > 0; {
		part := rest[:min(most, len(rest))]
		rest = rest[len(part):]
		err = w.framer.WriteContinuation(stream, len(rest) == 0, part)
	}
	return err
}

func (w *http2Wire) hear(stream uint32) (answer, error) {
	got := answer{header: http.Header{}}
	for {
		frame, err := w.framer.ReadFrame()
		if err != nil {
			if timedOut(err) {
				return answer{}, fmt.Errorf("waiting for a frame: %w", err)
			}
			w.ended = true
			return answer{}, errReset
		}
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				_ = w.framer.WriteSettingsAck()
			}
		case *http2.PingFrame:
			if !frame.IsAck() {
				_ = w.framer.WritePing(true, frame.Data)
			}
		case *http2.GoAwayFrame:
			w.ended = true // an answer may still come
		case *http2.RSTStreamFrame:
			if frame.StreamID == stream {
				return answer{}, errReset
			}
		case *http2.MetaHeadersFrame:
			if status, _ := strconv.Atoi(frame.PseudoValue("status")); frame.StreamID == stream && status >= 200 {
				got.status = status
				for _, f := range frame.RegularFields() {
					got.header.Add(f.Name, f.Value)
				}
				if frame.StreamEnded() {
					return got, nil
				}
			}
		case *http2.DataFrame:
			if frame.StreamID == stream {
				got.body += string(frame.Data())
				if frame.StreamEnded() {
					return got, nil
				}
			}
		}
	}
}
