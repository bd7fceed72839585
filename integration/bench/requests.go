package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
)

const (
	bulkSize = 1 << 20
	// bulkConnections are few, so that the bodies that are judged at once have room.
	bulkConnections = 4
	// tokenHeader is where the front door looks for tokens, as CM-Well does.
	tokenHeader = "X-CM-WELL-TOKEN" //nolint:gosec // the name of a header, no secret
)

// likeCurl are headers that every request has. A proxy's work grows with their number, and
// not evenly, so that requests without any would compare what nobody sends.
const likeCurl = "Host: bench\r\nUser-Agent: curl/8.14.1\r\nAccept: */*\r\n"

// write is one small write with a token.
func write(token string) exchange { return writeWith(tokenHeader, token) }

// writeWithPassword has ann's name and password in place of a token.
func writeWithPassword() exchange {
	return writeWith("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(knownName+":"+password)))
}

func writeWith(header, value string) exchange {
	const body = `{"name":"Ann"}`
	return exchange{
		request: fmt.Appendf(nil, "POST %s/ann HTTP/1.1\r\n%sX-CM-WELL-TYPE: OBJ\r\n%s: %s\r\nContent-Length: %d\r\n\r\n%s",
			writable, likeCurl, header, value, len(body), body),
		serves: isTaken,
	}
}

// forged is a token whose signature is another's: its first letter is changed.
func forged(token string) string {
	first := strings.LastIndexByte(token, '.') + 1
	letter := "A"
	if strings.HasPrefix(token[first:], letter) {
		letter = "B"
	}
	return token[:first] + letter + token[first+1:]
}

// refused is what a server answers that does not let a request pass.
func refused(what exchange) exchange {
	what.serves = func(got answer) bool { return got.status == 401 || got.status == 403 }
	return what
}

// bulk is a write of 1 MB, each line of which names another subject.
func bulk(token string) exchange {
	var body bytes.Buffer
	for n := 0; body.Len() < bulkSize; n++ {
		fmt.Fprintf(&body, "<cmwell:/%s/%06d> <http://bench.example.org/ns#name> \"Ann\" .\n", writable, n)
	}
	head := fmt.Appendf(nil, "POST /_in?format=ntriples HTTP/1.1\r\n%s%s: %s\r\nContent-Length: %d\r\n\r\n", likeCurl, tokenHeader, token, body.Len())
	return exchange{request: append(head, body.Bytes()...), serves: isTaken}
}

func isTaken(got answer) bool { return got == answer{status: 200, size: int64(len(taken))} }
