// Package differential compares the front door with readers that share nothing
// with it: Go's net/url, Node's URL and querystring, Python's urllib, Java's URI and
// URLDecoder, Netty's decoder, and a real nginx. The property is one: where the door
// lets a request pass, no reader finds in what is sent on a write that was taken for
// a read, or a path that its user may not touch; and where it takes a body, none finds
// in it something else than the door did.
//
//	make differential          # a million cases; integration/differential -cases N for others
package differential

import (
	"bufio"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	cases = flag.Int("cases", 20_000, "how many requests are generated")
	seed  = flag.Uint64("seed", 1, "what they are generated from; 0 for the time, and so others each time")
)

// chosenSeed is what the requests are made from, and the same for the whole run.
var chosenSeed = sync.OnceValue(func() uint64 {
	if *seed != 0 {
		return *seed
	}
	return uint64(time.Now().UnixNano())
})

// kept are the counter-examples that were found, shrunken. Every run begins with them.
const kept = "testdata/counterexamples.txt"

// explained are disagreements that are no holes, by a part of the reader's name and
// of the complaint. There is none now: what a reader made of a target, the door has
// learned to refuse.
var explained []struct{ reader, complaint, why string }

// figures are what a reader has to show.
type figures struct{ asked, disagreed, explained int }

// disagreement is what one reader found in one request.
type disagreement struct {
	request
	reader, sent, complaint string
}

func (d disagreement) String() string {
	return fmt.Sprintf("%s\n\tpasses as %s\n\t%s: %s", d.request, d.sent, d.reader, d.complaint)
}

// findIn asks a reader about requests that pass, and returns what it finds in them.
func findIn(r reader, passed []passage) (found []disagreement, err error) {
	lines := make([]string, len(passed))
	for i, p := range passed {
		lines[i] = "t " + p.sent
	}
	answers, err := r.ask(lines)
	if err != nil {
		return nil, err
	}
	for i, p := range passed {
		if by, why := answers[i].complaint(p.request); why != "" {
			found = append(found, disagreement{p.request, r.name + " " + by, p.sent, why})
		}
	}
	return found, nil
}

// passage is a request that passes, and the target that the store gets.
type passage struct {
	request
	sent string
}

// complaint is the first one about any path with any query.
func (a answer) complaint(c request) (by, why string) {
	queries := a.Queries
	if len(queries) == 0 {
		queries = map[string][][2]string{"no query": nil}
	}
	for path, p := range a.Paths {
		if !strings.HasPrefix(p, "/") {
			p = "/" + p
		}
		for query, q := range queries {
			if why := (reading{c.method, p, q, c.form}).complaint(c.who, c.http); why != "" {
				return path + ", " + query, why
			}
		}
	}
	return "", ""
}

// shrink takes parts out of the target for as long as the reader complains.
func shrink(d *door, r reader, found disagreement) (disagreement, error) {
	for again := true; again; {
		again = false
		var passed []passage
		for _, c := range found.smaller() {
			if sent, ok := d.sends(c); ok {
				passed = append(passed, passage{c, sent})
			}
		}
		if len(passed) == 0 {
			break
		}
		smaller, err := findIn(r, passed)
		if err != nil {
			return found, err
		}
		if len(smaller) > 0 {
			found, again = smaller[0], true
		}
	}
	return found, nil
}

func TestNoReaderSeesMoreThanTheDoorAllowed(t *testing.T) {
	d := newDoor(t)
	all := readers(t)
	batches := make([]chan []passage, len(all))
	results := make([]figures, len(all))
	var together sync.WaitGroup
	for i, r := range all {
		batches[i] = make(chan []passage, 4)
		together.Go(func() {
			complaints := map[string]bool{}
			for passed := range batches[i] {
				found, err := findIn(r, passed)
				if err != nil {
					t.Error(err)
				}
				results[i].asked += len(passed)
				for _, one := range found {
					results[i].disagreed++
					if slices.ContainsFunc(explained, func(e struct{ reader, complaint, why string }) bool {
						return strings.Contains(one.reader, e.reader) && strings.Contains(one.complaint, e.complaint)
					}) {
						results[i].explained++
					} else if len(complaints) < 5 {
						if one, err = shrink(d, r, one); err != nil {
							t.Error(err)
						}
						if !complaints[one.request.String()] {
							t.Errorf("%s\n\tadd to %s:\n%s", one, kept, one.request)
						}
						complaints[one.request.String()] = true
					}
				}
			}
		})
	}
	generated, passed := feed(t, d, batches)
	together.Wait()
	t.Logf("seed %d: %d requests generated, %d pass the door", chosenSeed(), generated, passed)
	for i, r := range all {
		t.Logf("%-8s %9d asked, %d disagree, %d of these explained", r.name, results[i].asked, results[i].disagreed, results[i].explained)
	}
	if passed < generated/10 {
		t.Errorf("only %d of %d requests passed the door: too few to find anything", passed, generated)
	}
}

// feed hands what passes to all readers, in batches: what was found before, then
// what is generated.
func feed(t *testing.T, d *door, batches []chan []passage) (generated, passed int) {
	var batch []passage
	flush := func() {
		for _, to := range batches {
			to <- batch
		}
		batch = nil
	}
	add := func(c request) {
		generated++
		if sent, ok := d.sends(c); ok {
			passed++
			if batch = append(batch, passage{c, sent}); len(batch) == 1000 {
				flush()
			}
		}
	}
	for _, c := range corpus(t) {
		add(c)
	}
	s := source{rand.New(rand.NewPCG(chosenSeed(), 1))}
	for range *cases {
		add(s.request())
	}
	flush()
	for _, to := range batches {
		close(to)
	}
	return generated, passed
}

// corpus reads what was found before.
func corpus(t *testing.T) (all []request) {
	t.Helper()
	file, err := os.Open(kept)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		c, err := parseRequest(line)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

// What was a hole once is refused, whoever reads.
func TestWhatWasAHoleIsRefused(t *testing.T) {
	d := newDoor(t)
	for _, c := range corpus(t) {
		if sent, ok := d.sends(c); ok {
			t.Errorf("%s\n\tpasses as %s", c, sent)
		}
	}
}
