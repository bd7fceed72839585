package account

import (
	"errors"
	"fmt"
	"testing"
)

func TestAnOutageIsToldWhenItBeginsAndWhenItEnds(t *testing.T) {
	var o Outages
	var told, other []string
	stop := o.Follow(func(why error) { told = append(told, fmt.Sprint(why)) })
	o.Note(nil) // in reach from the beginning
	o.Note(errors.New("gone"))
	o.Note(errors.New("still gone"))
	o.Follow(func(why error) { other = append(other, fmt.Sprint(why)) })
	o.Note(nil)
	o.Note(nil)
	stop()
	o.Note(errors.New("gone again"))
	if got := fmt.Sprint(told, other); got != "[gone <nil>] [<nil> gone again]" {
		t.Errorf("told: %s", got)
	}
}
