package permission

import (
	"fmt"
)

// many makes n own entries and one role, none of which is about /tests or /docs.
func many(n int) Rules {
	about := func(id string) Entry {
		e, err := NewEntry(id, true, true, Read|Write)
		if err != nil {
			panic(err)
		}
		return e
	}
	var own []Entry
	for i := range n {
		own = append(own, about(fmt.Sprintf("/example.org/department-%d/project-%d", i%7, i)))
	}
	return Rules{Own: own, Roles: []Role{{Name: "Editor", Entries: []Entry{about("/docs")}}}}
}
