// Checks a log that EdgeSensors wrote, and writes one for EdgeSensors to check, with the Go project's own implementation of notes, trees and
// tiles (golang.org/x/mod/sumdb, from which C2SP signed-note and tlog-tiles were written down). Run by IndependentLogTests.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(ok bool, what string) {
	if !ok {
		must(fmt.Errorf("%s", what))
	}
}

// cosigner verifies cosignature/v1 as an x/mod note.Verifier: the library knows nothing of it, so it only hands over text and octets.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }
func (c cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 72 {
		return false
	}
	text := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(sig), msg)
	return ed25519.Verify(c.key, []byte(text), sig[8:])
}

func witnessVerifier(vkey string) cosigner {
	parts := strings.SplitN(vkey, "+", 3)
	hash, err := strconv.ParseUint(parts[1], 16, 32)
	must(err)
	key, err := base64.StdEncoding.DecodeString(parts[2])
	must(err)
	check(len(key) == 33 && key[0] == 4, "not a cosignature key")
	return cosigner{parts[0], uint32(hash), key[1:]}
}

func read(path ...string) []byte {
	data, err := os.ReadFile(filepath.Join(path...))
	must(err)
	return data
}

// tiles serves tiles to the library from files named as tlog-tiles has it: without the height that the library's own names begin with.
type tiles struct{ dir string }

func (t tiles) Height() int { return 8 }
func (t tiles) ReadTiles(list []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, tile := range list {
		path := "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
		data, err := os.ReadFile(filepath.Join(t.dir, path))
		if err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, nil
}
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func head(text string) tlog.Tree {
	lines := strings.Split(text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := base64.StdEncoding.DecodeString(lines[2])
	must(err)
	var hash tlog.Hash
	copy(hash[:], root)
	return tlog.Tree{N: size, Hash: hash}
}

func verify(dir string) {
	logKey, err := note.NewVerifier(strings.TrimSpace(string(read(dir, "log.vkey"))))
	must(err)
	witness := witnessVerifier(strings.TrimSpace(string(read(dir, "witness.vkey"))))
	opened, err := note.Open(read(dir, "checkpoint"), note.VerifierList(logKey, witness))
	must(err)
	check(len(opened.Sigs) == 2 && len(opened.UnverifiedSigs) == 0, "not two verified signatures")
	tree := head(opened.Text)

	// Every tile, down to the leaves, hashes to the signed root; and the bundles of entries to the leaves.
	reader := tlog.TileHashReader(tree, tiles{dir})
	root, err := tlog.TreeHash(tree.N, reader)
	must(err)
	check(root == tree.Hash, "the tiles have another root")
	entries := [][]byte{}
	for first := int64(0); first < tree.N; first += 256 {
		name := fmt.Sprintf("%03d", first/256)
		if width := tree.N - first; width < 256 {
			name += fmt.Sprintf(".p/%d", width)
		}
		bundle := read(dir, "tile", "entries", name)
		for len(bundle) > 0 {
			n := binary.BigEndian.Uint16(bundle)
			entries = append(entries, bundle[2:2+n])
			bundle = bundle[2+n:]
		}
	}
	check(int64(len(entries)) == tree.N, "not as many entries as the tree has")
	for i, entry := range entries {
		leaf, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(i))})
		must(err)
		check(leaf[0] == tlog.RecordHash(entry), "an entry is not its leaf")
	}

	proofs, err := filepath.Glob(filepath.Join(dir, "*.tlog-proof"))
	must(err)
	for _, path := range proofs {
		own, rest, _ := bytes.Cut(read(path), []byte("\n\n"))
		lines := strings.Split(string(own), "\n")
		check(lines[0] == "c2sp.org/tlog-proof@v1", "not a proof")
		index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
		must(err)
		opened, err := note.Open(rest, note.VerifierList(logKey, witness))
		must(err)
		tree := head(opened.Text)
		var proof tlog.RecordProof
		for _, line := range lines[2:] {
			hash, err := tlog.ParseHash(line)
			must(err)
			proof = append(proof, hash)
		}
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entries[index])))
	}

	// consistency: a line "old root hash hash ..." each.
	lines := strings.Split(strings.TrimSpace(string(read(dir, "consistency"))), "\n")
	for _, line := range lines {
		fields := strings.Fields(line)
		old, err := strconv.ParseInt(fields[0], 10, 64)
		must(err)
		before, err := tlog.ParseHash(fields[1])
		must(err)
		var proof tlog.TreeProof
		for _, field := range fields[2:] {
			hash, err := tlog.ParseHash(field)
			must(err)
			proof = append(proof, hash)
		}
		must(tlog.CheckTree(proof, tree.N, tree.Hash, old, before))
	}
	fmt.Printf("verified %d entries, %d proofs, %d consistency proofs\n", len(entries), len(proofs), len(lines))
}

func write(dir string, size int64) {
	secret, public, err := note.GenerateKey(rand.Reader, "go.example/log")
	must(err)
	signer, err := note.NewSigner(secret)
	must(err)
	must(os.WriteFile(filepath.Join(dir, "log.vkey"), []byte(public), 0o644))
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range indexes {
			out = append(out, stored[i])
		}
		return out, nil
	})
	for i := int64(0); i < size; i++ {
		hashes, err := tlog.StoredHashes(i, []byte(fmt.Sprintf("entry %d", i)), reader)
		must(err)
		stored = append(stored, hashes...)
	}
	root, err := tlog.TreeHash(size, reader)
	must(err)
	checkpoint, err := note.Sign(&note.Note{Text: fmt.Sprintf("go.example/log\n%d\n%s\n", size, root)}, signer)
	must(err)
	for i := int64(0); i < size; i++ {
		proof, err := tlog.ProveRecord(size, i, reader)
		must(err)
		text := fmt.Sprintf("c2sp.org/tlog-proof@v1\nindex %d\n", i)
		for _, hash := range proof {
			text += hash.String() + "\n"
		}
		must(os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.tlog-proof", i)), append([]byte(text+"\n"), checkpoint...), 0o644))
	}
	var consistency strings.Builder
	for old := int64(1); old <= size; old++ {
		before, err := tlog.TreeHash(old, reader)
		must(err)
		proof, err := tlog.ProveTree(size, old, reader)
		must(err)
		fmt.Fprintf(&consistency, "%d %s", old, before)
		for _, hash := range proof {
			fmt.Fprintf(&consistency, " %s", hash)
		}
		consistency.WriteString("\n")
	}
	must(os.WriteFile(filepath.Join(dir, "consistency"), []byte(consistency.String()), 0o644))
}

func main() {
	switch os.Args[1] {
	case "verify":
		verify(os.Args[2])
	case "write":
		size, err := strconv.ParseInt(os.Args[3], 10, 64)
		must(err)
		write(os.Args[2], size)
	}
}
