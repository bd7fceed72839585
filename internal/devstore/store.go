// Package devstore is a small stand-in for CM-Well, for trying things out and
// for tests: infotons by path, a simple search, and bulk reading and writing
// of N-Triples and N-Quads, all kept in one bbolt file.
//
// It does no access control whatsoever. Whoever reaches it may read, write
// and delete everything, and it believes the X-CM-Well-User header of any
// request. Deciding who may do what is the job of the door in front of it.
package devstore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
)

// lockTimeout is how long Open waits for another user of the file to let go.
const lockTimeout = time.Second

var (
	infotonBucket = []byte("infotons")
	contentBucket = []byte("contents")

	errNotFound = errors.New("devstore: there is no such infoton")
)

// Store keeps infotons in one file and answers HTTP requests for them. It is
// safe for concurrent use. It does no access control of its own.
type Store struct {
	// Now tells the time of every write. Set it before the first request.
	Now func() time.Time

	db *bbolt.DB
}

// Open opens the store kept in file, and makes the file, readable by its owner
// only, when there is none. A missing folder is made too, for its owner only.
// A file that another process holds open is an error after one second.
func Open(file string) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("devstore: making the folder of %s: %w", file, err)
	}
	db, err := bbolt.Open(file, 0o600, &bbolt.Options{Timeout: lockTimeout})
	if err != nil {
		return nil, fmt.Errorf("devstore: opening %s: %w", file, err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{infotonBucket, contentBucket} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("devstore: preparing %s: %w", file, err), db.Close())
	}
	return &Store{Now: time.Now, db: db}, nil
}

// Close waits for the reads and writes under way and lets go of the file.
// Requests that come later are answered with an error.
func (s *Store) Close() error {
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("devstore: closing: %w", err)
	}
	return nil
}

// records is what one transaction sees. Nothing it hands out is tied to the
// transaction, so no slow client can keep one open.
type records struct {
	infotons, contents *bbolt.Bucket
}

func recordsOf(tx *bbolt.Tx) records {
	return records{infotons: tx.Bucket(infotonBucket), contents: tx.Bucket(contentBucket)}
}

func (s *Store) read(fn func(records) error) error {
	tx, err := s.db.Begin(false)
	if err != nil {
		return fmt.Errorf("devstore: reading: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	return fn(recordsOf(tx))
}

// write keeps all that fn does, or nothing when fn gives an error.
func (s *Store) write(fn func(records) error) error {
	tx, err := s.db.Begin(true)
	if err != nil {
		return fmt.Errorf("devstore: writing: %w", err)
	}
	// After a commit there is nothing left to roll back; after an error or a
	// panic the lock of the writer would be held for ever without this.
	defer func() { _ = tx.Rollback() }()
	if err := fn(recordsOf(tx)); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("devstore: writing: %w", err)
	}
	return nil
}

// get gives errNotFound when nothing is kept under the path.
func (r records) get(path string) (*infoton, error) {
	kept := r.infotons.Get([]byte(path))
	if kept == nil {
		return nil, errNotFound
	}
	return decodeRecord(path, kept)
}

func (r records) content(path string) []byte {
	return bytes.Clone(r.contents.Get([]byte(path)))
}

func (r records) put(inf *infoton) error {
	kept, err := json.Marshal(inf)
	if err != nil {
		return fmt.Errorf("devstore: encoding %s: %w", inf.Path, err)
	}
	if inf.Kind != fileKind {
		if err := r.contents.Delete([]byte(inf.Path)); err != nil {
			return fmt.Errorf("devstore: dropping the content of %s: %w", inf.Path, err)
		}
	}
	if err := r.infotons.Put([]byte(inf.Path), kept); err != nil {
		return fmt.Errorf("devstore: keeping %s: %w", inf.Path, err)
	}
	return nil
}

func (r records) putFile(inf *infoton, content []byte) error {
	if err := r.contents.Put([]byte(inf.Path), content); err != nil {
		return fmt.Errorf("devstore: keeping the content of %s: %w", inf.Path, err)
	}
	return r.put(inf)
}

// remove takes away the infoton at path and, when recursive, all below it. It
// gives errNotFound when there was nothing to take away.
func (r records) remove(path string, recursive bool) error {
	var doomed [][]byte
	if r.infotons.Get([]byte(path)) != nil {
		doomed = append(doomed, []byte(path))
	}
	if recursive {
		r.below(path, func(key, _ []byte) {
			doomed = append(doomed, bytes.Clone(key))
		})
	}
	if len(doomed) == 0 {
		return errNotFound
	}
	for _, key := range doomed {
		if err := errors.Join(r.infotons.Delete(key), r.contents.Delete(key)); err != nil {
			return fmt.Errorf("devstore: deleting %s: %w", key, err)
		}
	}
	return nil
}

// below visits every record under path, in the order of the keys. Key and
// value are only good until the visit is over.
func (r records) below(path string, visit func(key, kept []byte)) {
	prefix := []byte(prefixOf(path))
	cursor := r.infotons.Cursor()
	for key, kept := cursor.Seek(prefix); bytes.HasPrefix(key, prefix); key, kept = cursor.Next() {
		visit(key, kept)
	}
}

// children gives up to limit paths one step below path, infotons and folders
// alike, and whether there are more.
func (r records) children(path string, limit int) (found []string, more bool) {
	prefix := []byte(prefixOf(path))
	seen := map[string]bool{}
	cursor := r.infotons.Cursor()
	key, _ := cursor.Seek(prefix)
	for bytes.HasPrefix(key, prefix) {
		name, _, deeper := bytes.Cut(key[len(prefix):], []byte("/"))
		child := string(prefix) + string(name)
		if !seen[child] {
			if len(found) == limit {
				return found, true
			}
			seen[child] = true
			found = append(found, child)
		}
		if deeper {
			// "0" is the byte after the slash: a folder costs one step, no
			// matter how much is below it.
			key, _ = cursor.Seek([]byte(child + "0"))
		} else {
			key, _ = cursor.Next()
		}
	}
	return found, false
}
