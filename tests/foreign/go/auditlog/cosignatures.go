package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Verifiers returns who is known: the log by x/mod's own verifier, witnesses by the one below.
func verifiers(key string, witnesses []string) (note.Verifiers, error) {
	log, err := note.NewVerifier(key)
	if err != nil {
		return nil, fmt.Errorf("the log's key: %w", err)
	}
	known := []note.Verifier{log}
	for _, text := range witnesses {
		witness, err := newCosigner(text)
		if err != nil {
			return nil, err
		}
		known = append(known, witness)
	}
	return note.VerifierList(known...), nil
}

// A cosigner verifies C2SP tlog-cosignature v1 with Ed25519, type 0x04, which x/mod does not know.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newCosigner(text string) (*cosigner, error) {
	parts := strings.SplitN(text, "+", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("%q is no key", text)
	}
	hash, err := strconv.ParseUint(parts[1], 16, 32)
	if err != nil {
		return nil, err
	}
	data, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(data) != 1+ed25519.PublicKeySize || data[0] != 0x04 {
		return nil, fmt.Errorf("%q does not cosign", text)
	}
	return &cosigner{parts[0], uint32(hash), data[1:]}, nil
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }

func (c *cosigner) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(signature)
	message := append([]byte(fmt.Sprintf("cosignature/v1\ntime %d\n", at)), text...)
	return at > 0 && at < 1<<63 && ed25519.Verify(c.key, message, signature[8:])
}
