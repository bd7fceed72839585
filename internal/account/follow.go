package account

// Followed is a Store that tells of every change of its users, whoever makes it:
// this process, another one, or a person with an editor.
type Followed interface {
	Store
	// Follow calls f at once with all that there is to tell, and then after every
	// change with what is new, one call at a time, until stop has returned. f calls
	// neither Follow nor stop.
	Follow(f func(Change)) (stop func())
}

// Change is what is to be known after users or roles have changed.
type Change struct {
	// Shapes are those of the password hashes of all users, each once; see
	// Passwords.SetShapes.
	Shapes []Shape
	// Warnings are sentences about what has changed and is probably not meant as it
	// stands; see Lint and LintRole.
	Warnings []string
	// Trouble is why the users cannot be read any more, so that their last good
	// state is in use; nil when they can.
	Trouble error
}

// Trouble is an error that is also shown to everybody who asks how the front door
// is. The error itself is for the operator's log.
type Trouble struct {
	// Reason is a sentence without a full stop that names no user, no path, no
	// number of users, and no secret.
	Reason string
	// Closed tells that nobody is known any more, so that requests of users cannot be
	// decided until it is over.
	Closed bool
	Err    error
}

func (t *Trouble) Error() string { return t.Err.Error() }

// Unwrap returns the error itself.
func (t *Trouble) Unwrap() error { return t.Err }
