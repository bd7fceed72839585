// Package attacks lists all that the front door is known to be tried with, and
// where each is proved to fail.
package attacks

import "slices"

// Attack is one way in. A number stays with its attack for good.
type Attack struct {
	ID    string
	What  string
	Tests []string // functions anywhere in this module, besides the rows with this number
	None  string   // why there is nothing to prove
}

// All are all attacks, in the order of their groups.
var All = slices.Concat(paths, requests, tokens, logins, bodies, users, operation, own)

// Groups are the letters that begin a number, with the last number of each: every
// number up to it is an attack's, or says why it is not.
var Groups = map[string]int{"P": 32, "Q": 20, "M": 28, "H": 25, "J": 40, "D": 26, "B": 26, "W": 28, "U": 22, "O": 34, "N": 18}

// Complaint is about an attack that says too little or two things; empty for none.
// rows tells whether rows have its number.
func (a Attack) Complaint(rows bool) string {
	proved := rows || len(a.Tests) > 0
	switch {
	case a.None == "" && !proved:
		return "nothing proves that it fails, and no reason is given"
	case a.None == "" && a.What == "":
		return "nothing says what it is"
	case a.None != "" && proved:
		return "there is a proof and a reason to have none"
	}
	return ""
}
