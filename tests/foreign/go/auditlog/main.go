// Auditlog verifies a served log with the Go team's own packages: golang.org/x/mod/sumdb/note and tlog.
//
//	auditlog -url URL -key KEY [-witness KEY]... [-quorum N] [-old CHECKPOINT]... [-receipt FILE]...
//
// It reads the checkpoint and its cosignatures, recomputes the whole tree from the entries, compares every tile, proves
// some entries and every older checkpoint from tiles alone, and checks receipts. It prints one line for each thing that
// holds, and exits with status 1 at the first that does not.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type list []string

func (l *list) String() string     { return strings.Join(*l, ",") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

type checkpoint struct {
	origin string
	tlog.Tree
	signed *note.Note
}

func main() {
	var witnesses, olds, receipts list
	url := flag.String("url", "", "the log's `prefix`")
	key := flag.String("key", "", "the log's `key`")
	quorum := flag.Int("quorum", 0, "how many cosignatures a checkpoint needs")
	flag.Var(&witnesses, "witness", "a witness's `key`")
	flag.Var(&olds, "old", "a checkpoint kept from before, a `file`")
	flag.Var(&receipts, "receipt", "a receipt, a `file`")
	flag.Parse()
	if err := run(*url, *key, witnesses, *quorum, olds, receipts); err != nil {
		fmt.Println("DOES NOT HOLD:", err)
		os.Exit(1)
	}
}

func run(url, key string, witnesses []string, quorum int, olds, receipts []string) error {
	known, err := verifiers(key, witnesses)
	if err != nil {
		return err
	}
	served := &server{prefix: strings.TrimSuffix(url, "/")}
	data, err := served.fetch("checkpoint", "text/plain; charset=utf-8")
	if err != nil {
		return err
	}
	latest, err := open(data, known, quorum)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	fmt.Printf("holds: checkpoint of %d leaves, %d signatures\n", latest.N, len(latest.signed.Sigs))
	entries, err := wholeTree(served, latest.Tree)
	if err != nil {
		return err
	}
	tiles := newTileHashes(served, latest.Tree)
	if err := inclusion(tiles, latest.Tree, entries); err != nil {
		return err
	}
	for _, name := range olds {
		if err := consistency(tiles, latest, name, known, quorum); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, name := range receipts {
		if err := receipt(name, known, quorum); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// Open returns the checkpoint that the log has signed and enough witnesses have cosigned.
func open(data []byte, known note.Verifiers, quorum int) (*checkpoint, error) {
	signed, err := note.Open(data, known)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return nil, errors.New("a checkpoint has three lines")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return nil, errors.New("malformed size")
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return nil, err
	}
	byLog, byWitnesses := 0, 0
	for _, signature := range signed.Sigs {
		if signature.Name == lines[0] {
			byLog++
		} else {
			byWitnesses++
		}
	}
	if byLog == 0 || byWitnesses < quorum {
		return nil, fmt.Errorf("signed %d times by the log and %d times by witnesses", byLog, byWitnesses)
	}
	return &checkpoint{lines[0], tlog.Tree{N: size, Hash: root}, signed}, nil
}

// WholeTree recomputes the tree from its entries, compares every tile with it, and returns the entries.
func wholeTree(served *server, tree tlog.Tree) ([][]byte, error) {
	var entries [][]byte
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, stored[index])
		}
		return found, nil
	})
	for n := int64(0); n*256 < tree.N; n++ {
		bundle, err := served.bundle(n, width(tree.N, 0, n))
		if err != nil {
			return nil, err
		}
		for _, entry := range bundle {
			hashes, err := tlog.StoredHashes(int64(len(entries)), entry, reader)
			if err != nil {
				return nil, err
			}
			entries, stored = append(entries, entry), append(stored, hashes...)
		}
	}
	if tree.N == 0 { // TreeHash of x/mod does not have RFC 6962's empty hash
		return nil, nil
	}
	root, err := tlog.TreeHash(tree.N, reader)
	if err != nil || root != tree.Hash {
		return nil, fmt.Errorf("the entries have the root %v (%v)", root, err)
	}
	count := 0
	for level := 0; tree.N>>(8*level) > 0; level++ {
		for n := int64(0); n*256 < tree.N>>(8*level); n++ {
			tile := tlog.Tile{H: 8, L: level, N: n, W: width(tree.N, level, n)}
			wanted, err := tlog.ReadTileData(tile, reader)
			if err != nil {
				return nil, err
			}
			found, err := served.tile(tile)
			if err != nil {
				return nil, err
			}
			if !bytes.Equal(found, wanted) {
				return nil, fmt.Errorf("%s is not what its entries give", path(tile))
			}
			count++
		}
	}
	fmt.Printf("holds: %d entries, %d tiles\n", len(entries), count)
	return entries, nil
}

// Inclusion proves entries at the seams of the tree, from tiles alone.
func inclusion(tiles *tileHashes, tree tlog.Tree, entries [][]byte) error {
	count := 0
	for _, index := range []int64{0, 1, 2, 127, 255, 256, 257, tree.N / 2, tree.N - 2, tree.N - 1} {
		if index < 0 || index >= tree.N {
			continue
		}
		proof, err := tlog.ProveRecord(tree.N, index, tiles)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entries[index])); err != nil {
			return fmt.Errorf("entry %d: %w", index, err)
		}
		count++
	}
	fmt.Printf("holds: %d inclusion proofs\n", count)
	return nil
}

// Consistency proves that the tree begins with the one of an older checkpoint.
func consistency(tiles *tileHashes, latest *checkpoint, name string, known note.Verifiers, quorum int) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	old, err := open(data, known, quorum)
	if err != nil {
		return err
	}
	if old.origin != latest.origin || old.N > latest.N {
		return fmt.Errorf("%d leaves of %s do not begin with %d of %s", latest.N, latest.origin, old.N, old.origin)
	}
	if old.N > 0 { // CheckTree of x/mod starts at one leaf; every tree begins with the empty one
		proof, err := tlog.ProveTree(latest.N, old.N, tiles)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, latest.N, latest.Hash, old.N, old.Hash); err != nil {
			return err
		}
	}
	fmt.Printf("holds: the %d leaves of before are the beginning of %d\n", old.N, latest.N)
	return nil
}

// Receipt checks a C2SP tlog-proof that carries its entry as extra data.
func receipt(name string, known note.Verifiers, quorum int) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	head, signed, found := strings.Cut(string(data), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "extra ") {
		return errors.New("malformed receipt")
	}
	entry, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	if err != nil {
		return err
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		proof = append(proof, hash)
	}
	under, err := open([]byte(signed), known, quorum)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(proof, under.N, under.Hash, index, tlog.RecordHash(entry)); err != nil {
		return err
	}
	fmt.Printf("holds: receipt of entry %d of %d\n", index, under.N)
	return nil
}

// Bundle returns the entries of a bundle.
func (s *server) bundle(n int64, width int) ([][]byte, error) {
	name := strings.Replace(path(tlog.Tile{H: 8, L: 0, N: n, W: width}), "tile/0/", "tile/entries/", 1)
	data, err := s.fetch(name, "application/octet-stream")
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(data) >= 2 {
		length := int(binary.BigEndian.Uint16(data))
		if data = data[2:]; length > len(data) {
			return nil, fmt.Errorf("%s is cut off", name)
		}
		entries, data = append(entries, data[:length]), data[length:]
	}
	if len(data) != 0 || len(entries) != width {
		return nil, fmt.Errorf("%s holds %d entries", name, len(entries))
	}
	return entries, nil
}
