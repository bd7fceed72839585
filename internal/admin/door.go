package admin

// Door is what an operator is told of one front door: how it is set up, as far as
// that matters to who looks after its users, and how it is.
type Door struct {
	// Number tells doors apart that have the same users and are set up differently.
	Number int `json:"number"`
	// Users says where the users are, without a secret.
	Users string `json:"users"`
	// Writable tells whether the users can be changed through this door.
	Writable     bool   `json:"writable"`
	Environment  string `json:"environment"`
	Mode         string `json:"mode"`
	Realm        string `json:"realm"`
	PasswordHash string `json:"passwordHash"`
	Expiry       string `json:"expiry"`
	MaxExpiry    string `json:"maxExpiry"`
	Health
}
