// Reads a log of servanda with the code of Go's checksum database, which knows nothing of servanda: golang.org/x/mod/sumdb.
//
//	sumdb LOG VKEY [STEP]
//
// The only glue is the path of a tile: Go writes its height into it. First the log must be accepted, whole. Then every
// STEP-th byte of every file is changed in memory, one at a time, and each must be noticed. Cosignatures are left alone:
// Go's code ignores signatures by keys that it was not given.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

// files is a log in memory: the bytes of each file by its path.
type files map[string][]byte

func (f files) Height() int { return height }

func (f files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, ok := f[path]
		if !ok {
			return nil, fmt.Errorf("%s is missing", path)
		}
		if len(data) != tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s has %d bytes", path, len(data))
		}
		out = append(out, data)
	}
	return out, nil
}

func (f files) SaveTiles([]tlog.Tile, [][]byte) {}

// head is the tree that the log's key has signed.
func head(text []byte, vkey string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	signed, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, errors.New("not a checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// bundle is the path of the entries with that number, as tlog-tiles has it.
func bundle(n, size int64) (string, int64) {
	width := size - n*256
	if width > 256 {
		width = 256
	}
	tile := tlog.Tile{H: height, L: 0, N: n, W: int(width)}
	return strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1), width
}

func verify(f files, vkey string) (int64, error) {
	tree, err := head(f["checkpoint"], vkey)
	if err != nil {
		return 0, err
	}
	// Every hash that it returns was followed up to the root.
	hashes := tlog.TileHashReader(tree, f)
	for n := int64(0); n*256 < tree.N; n++ {
		path, width := bundle(n, tree.N)
		rest, ok := f[path]
		if !ok {
			return 0, fmt.Errorf("%s is missing", path)
		}
		var indexes []int64
		for i := int64(0); i < width; i++ {
			indexes = append(indexes, tlog.StoredHashIndex(0, n*256+i))
		}
		expected, err := hashes.ReadHashes(indexes)
		if err != nil {
			return 0, err
		}
		for i := int64(0); i < width; i++ {
			if len(rest) < 2 || len(rest) < 2+int(binary.BigEndian.Uint16(rest)) {
				return 0, fmt.Errorf("%s ends early", path)
			}
			entry := rest[2 : 2+int(binary.BigEndian.Uint16(rest))]
			rest = rest[2+len(entry):]
			if tlog.RecordHash(entry) != expected[i] {
				return 0, fmt.Errorf("entry %d is another one", n*256+i)
			}
		}
		if len(rest) != 0 {
			return 0, fmt.Errorf("%s goes on", path)
		}
	}
	return tree.N, nil
}

// proofs proves entries and earlier sizes with Go's code, and checks them with it.
func proofs(f files, vkey string) error {
	tree, err := head(f["checkpoint"], vkey)
	if err != nil {
		return err
	}
	hashes := tlog.TileHashReader(tree, f)
	for n := int64(0); n < tree.N; n += 13 {
		proof, err := tlog.ProveRecord(tree.N, n, hashes)
		if err != nil {
			return err
		}
		leaf, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, n)})
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, n, leaf[0]); err != nil {
			return err
		}
	}
	for old := int64(1); old < tree.N; old += 17 {
		proof, err := tlog.ProveTree(tree.N, old, hashes)
		if err != nil {
			return err
		}
		root, err := tlog.TreeHash(old, hashes)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, old, root); err != nil {
			return err
		}
	}
	return nil
}

// signedPart is how much of a checkpoint Go was given a key for: the text and the log's own line, which comes first.
func signedPart(text []byte) int {
	lines := bytes.Index(text, []byte("\n\n"))
	return lines + 2 + bytes.IndexByte(text[lines+2:], '\n') + 1
}

// sameBytes: Go reads base64 whose last, unused bits are set; such a change alters no byte of the signature.
func sameBytes(a, b []byte) bool {
	decode := func(text []byte) []byte {
		line := strings.TrimSpace(string(text[bytes.LastIndex(text[:signedPart(text)-1], []byte("\n"))+1 : signedPart(text)]))
		decoded, err := base64.StdEncoding.DecodeString(line[strings.LastIndex(line, " ")+1:])
		if err != nil {
			return nil
		}
		return decoded
	}
	one, two := decode(a), decode(b)
	return one != nil && bytes.Equal(one, two)
}

func run(dir, vkey string, step int) error {
	f := files{}
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		f[filepath.ToSlash(name)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		return err
	}
	size, err := verify(f, vkey)
	if err != nil {
		return fmt.Errorf("the log is not accepted: %w", err)
	}
	if err := proofs(f, vkey); err != nil {
		return fmt.Errorf("a proof is not accepted: %w", err)
	}
	var names []string
	for name := range f {
		if name == "checkpoint" || strings.HasPrefix(name, "tile/") {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	changed := 0
	for _, name := range names {
		good := f[name]
		most := len(good)
		if name == "checkpoint" {
			most = signedPart(good)
		}
		for at := 0; at < most; at += step {
			bad := append([]byte(nil), good...)
			bad[at] ^= 1 << (at % 8)
			f[name] = bad
			if _, err := verify(f, vkey); err == nil && !(name == "checkpoint" && sameBytes(good, bad)) {
				return fmt.Errorf("byte %d of %s was changed, and nothing noticed", at, name)
			}
			changed++
		}
		delete(f, name)
		if _, err := verify(f, vkey); err == nil {
			return fmt.Errorf("%s was taken away, and nothing noticed", name)
		}
		f[name] = good
	}
	fmt.Printf("sumdb: %d entries accepted, %d changed bytes noticed in %d files\n", size, changed, len(names))
	return nil
}

func main() {
	step := 1
	if len(os.Args) == 4 {
		step, _ = strconv.Atoi(os.Args[3])
	}
	if len(os.Args) < 3 || step < 1 {
		fmt.Fprintln(os.Stderr, "sumdb LOG VKEY [STEP]")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], step); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}
