package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"golang.org/x/crypto/bcrypt"
)

const (
	password = "the right password"
	// knownName has few rules, manyRules a thousand.
	knownName = "ann"
	manyRules = "thea"
	few, many = 10, 1000
	// writable is the folder that everybody may write in, by the last of his rules.
	writable = "/bench.example.org"
)

// crowd is who may log in: so many users, all with the same password.
type crowd struct{ size int }

// rule and user are what stands in a users file.
type rule struct {
	ID          string `json:"id"`
	Sign        string `json:"sign"`
	Recursive   bool   `json:"recursive"`
	Permissions string `json:"permissions"`
}

type user struct {
	Paths  []rule `json:"paths"`
	Rev    int    `json:"rev"`
	Digest string `json:"digest"`
}

// document is the users file. The first users are the known ones.
func (c crowd) document() ([]byte, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	if err != nil {
		return nil, err
	}
	users := make(map[string]user, c.size)
	for n := range c.size {
		switch n {
		case 0:
			users[knownName] = user{Paths: rules(few), Digest: string(hash)}
		case 1:
			users[manyRules] = user{Paths: rules(many), Digest: string(hash)}
		default:
			users[fmt.Sprintf("user-%07d", n)] = user{Paths: rules(2), Digest: string(hash)}
		}
	}
	return json.Marshal(map[string]any{"users": users, "roles": map[string]any{}})
}

// rules are so many, of which the last allows what is written.
func rules(count int) []rule {
	all := make([]rule, count)
	for i := range all {
		all[i] = rule{ID: fmt.Sprintf("/area-%04d.example.org", i), Sign: "+", Recursive: true, Permissions: "rw"}
	}
	all[count-1].ID = writable
	return all
}

// token logs a user in.
func token(ctx context.Context, address, name string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/_login", http.NoBody)
	if err != nil {
		return "", err
	}
	request.SetBasicAuth(name, password)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fmt.Errorf("logging %s in: %w", name, err)
	}
	defer response.Body.Close()
	var got struct{ Token string }
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<16)).Decode(&got); err != nil || got.Token == "" {
		return "", fmt.Errorf("logging %s in: the answer was %s, without a token", name, response.Status)
	}
	return got.Token, nil
}
