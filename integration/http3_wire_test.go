package integration

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/quic-go/qpack"
	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/quicvarint"
)

// The types of HTTP/3's frames and of its control stream (RFC 9114, section 7.2).
const (
	dataFrame     = 0x0
	headersFrame  = 0x1
	settingsFrame = 0x4
	controlStream = 0x0
)

// http3Wire is one connection of HTTP/3 on which a test writes every frame itself.
type http3Wire struct{ connection *quic.Conn }

func openHTTP3(address string, roots *x509.CertPool) (framedWire, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	connection, err := quic.DialAddr(ctx, address, &tls.Config{RootCAs: roots, ServerName: "door", NextProtos: []string{"h3"}}, nil)
	if err != nil {
		return nil, err
	}
	w := &http3Wire{connection}
	control, err := connection.OpenUniStream()
	if err == nil {
		_, err = control.Write([]byte{controlStream, settingsFrame, 0})
	}
	if err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *http3Wire) gone() bool { return w.connection.Context().Err() != nil }
func (w *http3Wire) close()     { _ = w.connection.CloseWithError(0x100, "") } // H3_NO_ERROR

func (w *http3Wire) ask(f framed) (answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	stream, err := w.connection.OpenStreamSync(ctx)
	if err != nil {
		return answer{}, errReset
	}
	if err := stream.SetDeadline(time.Now().Add(patience)); err != nil {
		return answer{}, err
	}
	said := frameOf(headersFrame, packed(f.fields))
	if len(f.body) > 0 {
		said = append(said, frameOf(dataFrame, f.body)...)
	}
	if len(f.trailer) > 0 {
		said = append(said, frameOf(headersFrame, packed(f.trailer))...)
	}
	// A server may refuse before it has read everything: what matters is its answer.
	_, _ = stream.Write(said)
	_ = stream.Close()
	got, err := hearHTTP3(stream)
	if timedOut(err) {
		return answer{}, fmt.Errorf("waiting for a frame: %w", err)
	}
	if err != nil {
		return answer{}, errReset
	}
	return got, nil
}

func frameOf(kind uint64, payload []byte) []byte {
	return append(quicvarint.Append(quicvarint.Append(nil, kind), uint64(len(payload))), payload...)
}

func packed(fields []field) []byte {
	var block bytes.Buffer
	encoder := qpack.NewEncoder(&block)
	for _, f := range fields {
		_ = encoder.WriteField(qpack.HeaderField{Name: f.name, Value: f.value}) // into memory
	}
	return block.Bytes()
}

// hearHTTP3 reads frames up to the end of the stream.
func hearHTTP3(stream io.Reader) (answer, error) {
	from := bufio.NewReader(stream)
	got := answer{header: http.Header{}}
	for {
		kind, err := quicvarint.Read(from)
		if errors.Is(err, io.EOF) && got.status != 0 {
			return got, nil
		}
		if err != nil {
			return answer{}, err
		}
		length, err := quicvarint.Read(from)
		if err != nil {
			return answer{}, err
		}
		payload := make([]byte, min(length, 1<<24))
		if _, err := io.ReadFull(from, payload); err != nil {
			return answer{}, err
		}
		switch kind {
		case dataFrame:
			got.body += string(payload)
		case headersFrame:
			if err := got.unpack(payload); err != nil {
				return answer{}, err
			}
		}
	}
}

// unpack adds the fields of a block.
func (a *answer) unpack(block []byte) error {
	next := qpack.NewDecoder().Decode(block)
	for {
		f, err := next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if f.Name != ":status" {
			a.header.Add(f.Name, f.Value)
		} else if status, err := strconv.Atoi(f.Value); err == nil && status >= 200 {
			a.status = status
		}
	}
}
