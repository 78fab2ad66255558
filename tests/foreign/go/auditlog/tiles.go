package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// A server is a log behind HTTP.
type server struct {
	prefix string
}

const mostBytes = 256 * (1<<16 + 2)

func (s *server) fetch(name, contentType string) ([]byte, error) {
	answer, err := http.Get(s.prefix + "/" + name)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(io.LimitReader(answer.Body, mostBytes))
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != contentType {
		return nil, fmt.Errorf("%s: %s, %s", name, answer.Status, answer.Header.Get("Content-Type"))
	}
	return data, nil
}

func (s *server) tile(tile tlog.Tile) ([]byte, error) {
	data, err := s.fetch(path(tile), "application/octet-stream")
	if err == nil && len(data) != tile.W*tlog.HashSize {
		err = fmt.Errorf("%s has %d bytes", path(tile), len(data))
	}
	return data, err
}

// Path is the path of C2SP tlog-tiles, which leaves out the height that x/mod's paths have.
func path(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
}

// Width is the width of a tile in a tree of size leaves.
func width(size int64, level int, n int64) int {
	if rest := size>>(8*level) - n*256; rest < 256 {
		return int(rest)
	}
	return 256
}

// TileHashes reads hashes of a tree from tiles, each of which is checked before it is used: the partial ones together
// against the root, a full one against the hash that stands for it in the tile above.
//
// It takes the place of tlog.TileHashReader, which does not check every tile before x/mod 0.40.0 (CVE-2026-56865).
type tileHashes struct {
	served *server
	tree   tlog.Tree
	known  map[tlog.Tile][]byte
}

func newTileHashes(served *server, tree tlog.Tree) *tileHashes {
	return &tileHashes{served, tree, nil}
}

// ReadHashes returns the hashes with these storage indexes.
func (r *tileHashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	if r.known == nil {
		if err := r.readEdge(); err != nil {
			return nil, err
		}
	}
	var found []tlog.Hash
	for _, index := range indexes {
		tile := tlog.TileForIndex(8, index)
		tile.W = width(r.tree.N, tile.L, tile.N)
		data, err := r.checked(tile)
		if err != nil {
			return nil, err
		}
		hash, err := tlog.HashFromTile(tile, data, index)
		if err != nil {
			return nil, err
		}
		found = append(found, hash)
	}
	return found, nil
}

// ReadEdge reads the partial tiles, which are the root.
func (r *tileHashes) readEdge() error {
	edge := map[tlog.Tile][]byte{}
	for level := 0; r.tree.N>>(8*level) > 0; level++ {
		count := r.tree.N >> (8 * level)
		if count%256 == 0 {
			continue
		}
		tile := tlog.Tile{H: 8, L: level, N: count / 256, W: int(count % 256)}
		data, err := r.served.tile(tile)
		if err != nil {
			return err
		}
		edge[tile] = data
	}
	root, err := tlog.TreeHash(r.tree.N, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			tile := tlog.TileForIndex(8, index)
			tile.W = width(r.tree.N, tile.L, tile.N)
			hash, err := tlog.HashFromTile(tile, edge[tile], index)
			if err != nil {
				return nil, err
			}
			found = append(found, hash)
		}
		return found, nil
	}))
	if err != nil || root != r.tree.Hash {
		return fmt.Errorf("the partial tiles have the root %v (%v)", root, err)
	}
	r.known = edge
	return nil
}

func (r *tileHashes) checked(tile tlog.Tile) ([]byte, error) {
	if data, ok := r.known[tile]; ok {
		return data, nil
	}
	if tile.W != 256 {
		return nil, fmt.Errorf("%s is not of this tree", path(tile))
	}
	above := tlog.Tile{H: 8, L: tile.L + 1, N: tile.N / 256, W: width(r.tree.N, tile.L+1, tile.N/256)}
	parents, err := r.checked(above)
	if err != nil {
		return nil, err
	}
	data, err := r.served.tile(tile)
	if err != nil {
		return nil, err
	}
	at := int(tile.N%256) * tlog.HashSize
	if hash := foldFull(data); string(hash[:]) != string(parents[at:at+tlog.HashSize]) {
		return nil, fmt.Errorf("%s is not what the tile above it stands for", path(tile))
	}
	r.known[tile] = data
	return data, nil
}

func foldFull(data []byte) tlog.Hash {
	row := make([]tlog.Hash, len(data)/tlog.HashSize)
	for i := range row {
		copy(row[i][:], data[i*tlog.HashSize:])
	}
	for ; len(row) > 1; row = row[:len(row)/2] {
		for i := 0; i < len(row)/2; i++ {
			row[i] = tlog.NodeHash(row[2*i], row[2*i+1])
		}
	}
	return row[0]
}
